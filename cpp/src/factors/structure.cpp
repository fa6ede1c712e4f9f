#include "factors/structure.hpp"

#include <algorithm>

#include "factors/messages.hpp"

namespace emnesy::factors {
namespace {

// A balanced tree over the inputs first .. last - 1; returns the number of its root.
std::int32_t add_tree(Structure& s, std::int32_t first, std::int32_t last) {
  SumNode node;
  node.first = first;
  node.last = last;
  if (last - first == 1) {
    const std::int32_t* map = s.map_of(first);
    node.size = *std::max_element(map, map + s.cardinality[first]) + 1;
  } else {
    node.left = add_tree(s, first, first + (last - first) / 2);
    node.right = add_tree(s, first + (last - first) / 2, last);
    node.size = s.tree[node.left].size + s.tree[node.right].size - 1;
  }
  node.offset = s.tree.empty() ? 0 : s.tree.back().offset + s.tree.back().size;
  s.tree.push_back(node);
  return static_cast<std::int32_t>(s.tree.size()) - 1;
}

}  // namespace

Structure make_structure(const FactorGraph& graph, std::size_t f) {
  Structure s;
  s.kind = graph.factor_kind[f];
  const std::int32_t* map = graph.value_maps(f);
  for (std::int64_t i = graph.scope_begin[f]; i < graph.scope_begin[f + 1]; ++i) {
    s.cardinality.push_back(graph.cardinality[graph.scope[i]]);
    s.map_begin.push_back(static_cast<std::int32_t>(s.map.size()));
    s.map.insert(s.map.end(), map, map + s.cardinality.back());
    map += s.cardinality.back();
  }
  s.parameter.assign(graph.parameter.begin() + graph.parameter_begin[f], graph.parameter.begin() + graph.parameter_begin[f + 1]);
  for (std::int32_t k = 0; k < s.count(); ++k) {
    bool identity = !s.parameter.empty() && s.cardinality[k] == s.parameter[0];
    for (std::int32_t v = 0; v < s.cardinality[k]; ++v) identity = identity && s.meaning(k, v) == v;
    s.identity.push_back(identity);
  }
  const std::int64_t count = s.count();
  switch (s.kind) {
    case FactorKind::Table: break;
    case FactorKind::NotEqual: s.scratch = not_equal_scratch(s.parameter[0]) + s.cardinality[0]; break;
    case FactorKind::AllDifferent:
      if (count > s.parameter[0]) break;
      s.subsets = subsets_of(s.parameter[0], s.count());
      s.scratch = all_different_scratch(*s.subsets, count);
      break;
    case FactorKind::Equal: s.scratch = equal_scratch(count, s.parameter[0]); break;
    case FactorKind::Disjunction:
    case FactorKind::Clause: s.scratch = disjunction_scratch(count, static_cast<std::int64_t>(s.parameter.size())); break;
    case FactorKind::Sum:
      add_tree(s, 0, s.count() - 1);
      s.scratch = 2 * (s.tree.back().offset + s.tree.back().size) + convolution_scratch(s.tree.back().size, s.tree.back().size);
      break;
    case FactorKind::Minimum:
    case FactorKind::Maximum: s.scratch = extreme_scratch(count - 1, s.parameter[0]); break;
  }
  return s;
}

}  // namespace emnesy::factors
