// The invariants of a factor graph, as an executable specification.
#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "emnesy/factor_graph.hpp"

namespace emnesy {
namespace {

void require(bool holds, const char* invariant) {
  if (!holds) throw std::logic_error(std::string("factor graph: ") + invariant);
}

void require(bool holds, const char* what, std::size_t index, const char* invariant) {
  if (!holds) throw std::logic_error(std::string("factor graph: ") + what + " " + std::to_string(index) + ": " + invariant);
}

template <typename Begin>
void require_offsets(const Begin& begin, std::size_t count, std::size_t end, const char* name) {
  const bool holds = begin.size() == count + 1 && begin.front() == 0 &&
                     static_cast<std::size_t>(begin.back()) == end && std::is_sorted(begin.begin(), begin.end());
  if (!holds) {
    throw std::logic_error(std::string("factor graph: ") + name + " must rise from 0 to the end of what it divides");
  }
}

// A mask of `size` bytes that starts at begin lies inside a table of `total`.
bool inside(std::int64_t begin, std::int64_t size, std::size_t total) {
  return begin >= 0 && begin + size <= static_cast<std::int64_t>(total);
}

void verify_variables(const FactorGraph& g) {
  require(g.variable_name.size() == g.variable_count(), "one name a variable");
  require(g.choice_count >= 0 && static_cast<std::size_t>(g.choice_count) <= g.variable_count(),
          "choices are the first variables");
  require(g.choice_has_none.size() == static_cast<std::size_t>(g.choice_count), "choice_has_none has one entry a choice");
  for (std::size_t v = 0; v < g.variable_count(); ++v) {
    const bool none = v < g.choice_has_none.size() && g.choice_has_none[v];
    require(g.cardinality[v] >= (none ? 2 : 1), "variable", v, "has at least one value, and one beside none");
  }
}

void verify_slices(const FactorGraph& g, std::size_t f, std::int64_t arity) {
  const std::int32_t position = g.slice_position[f];
  require(position >= -1 && position < arity, "factor", f, "slice position lies in the scope");
  if (position < 0) return;
  const std::int64_t values = g.cardinality[g.scope[g.scope_begin[f] + position]];
  const std::int64_t offset = g.slice_offset[f];
  require(inside(offset, values + 1, g.slice_begin.size()), "factor", f, "slice_begin holds a slice a value");
  require(g.slice_begin[offset] == 0 && g.slice_begin[offset + values] == g.tuple_begin[f + 1] - g.tuple_begin[f],
          "factor", f, "slices cover the tuples");
  for (std::int64_t v = 0; v < values; ++v) {
    require(g.slice_begin[offset + v] <= g.slice_begin[offset + v + 1], "factor", f, "slices are in order");
    for (std::int64_t t = g.slice_begin[offset + v]; t < g.slice_begin[offset + v + 1]; ++t) {
      require(g.tuple_value[g.tuple_value_begin[f] + t * arity + position] == v, "factor", f,
              "a slice's tuples have its value");
    }
  }
}

void verify_tuples(const FactorGraph& g, std::size_t f, std::int64_t arity) {
  const std::int64_t count = g.tuple_begin[f + 1] - g.tuple_begin[f];
  const std::int32_t* tuples = g.tuple_value.data() + g.tuple_value_begin[f];
  require(g.tuple_value_begin[f + 1] - g.tuple_value_begin[f] == count * arity, "factor", f,
          "as many values as tuples times arity");
  for (std::int64_t i = 0; i < count * arity; ++i) {
    const std::int32_t variable = g.scope[g.scope_begin[f] + i % arity];
    require(tuples[i] >= 0 && tuples[i] < g.cardinality[variable], "factor", f, "tuple values lie in the variables' range");
  }
  std::vector<std::int64_t> order(count);
  for (std::int64_t t = 0; t < count; ++t) order[t] = t;
  const auto row = [&](std::int64_t t) { return tuples + t * arity; };
  std::sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return std::lexicographical_compare(row(a), row(a) + arity, row(b), row(b) + arity);
  });
  for (std::int64_t t = 1; t < count; ++t) {
    require(!std::equal(row(order[t - 1]), row(order[t - 1]) + arity, row(order[t])), "factor", f, "no tuple twice");
  }
  if (g.tuple_weight.empty()) {
    require(g.unit_weight[f] != 0, "factor", f, "has weights where it is not unit");
  } else if (!g.unit_weight[f]) {
    for (std::int64_t t = g.tuple_begin[f]; t < g.tuple_begin[f + 1]; ++t) {
      require(std::isfinite(g.tuple_weight[t]) && g.tuple_weight[t] >= 0, "factor", f, "weights are finite and not negative");
    }
  }
}

// What each kind asks of its value maps and parameters.
void verify_structured(const FactorGraph& g, std::size_t f, std::int64_t arity) {
  const FactorKind kind = g.factor_kind[f];
  require(g.tuple_begin[f] == g.tuple_begin[f + 1] && g.slice_position[f] < 0, "factor", f, "has tuples only where it is a table");
  const std::int32_t* parameter = g.parameter.data() + g.parameter_begin[f];
  const std::int64_t parameters = g.parameter_begin[f + 1] - g.parameter_begin[f];
  const bool terms = kind == FactorKind::Disjunction || kind == FactorKind::Clause;
  const bool result = kind == FactorKind::Disjunction || kind == FactorKind::Sum || kind == FactorKind::Minimum ||
                      kind == FactorKind::Maximum;
  require(terms ? parameters >= 1 : parameters == 1, "factor", f, "has its parameters");
  require(arity >= (result || kind == FactorKind::NotEqual ? 2 : 1) && (kind != FactorKind::NotEqual || arity == 2), "factor", f,
          "has inputs, and a result where its kind has one");
  std::int64_t literals = 0, greatest = 0, values = 0;
  for (std::int64_t i = 0; i < parameters; ++i) {
    require(parameter[i] >= (kind == FactorKind::Sum ? 0 : 1), "factor", f, "parameters are positive");
    literals += parameter[i];
  }
  require(!terms || literals == arity - (result ? 1 : 0), "factor", f, "terms cover the inputs");
  require(kind != FactorKind::AllDifferent || parameter[0] <= all_different_limit, "factor", f, "has 16 symbols at most");
  const std::int32_t* map = g.value_maps(f);
  for (std::int64_t i = 0; i < arity; ++i) {
    const std::int32_t count = g.cardinality[g.scope[g.scope_begin[f] + i]];
    const bool last = result && i + 1 == arity;
    std::int32_t least = 0, most = terms ? 1 : parameter[0] - 1, top = 0;
    if (kind == FactorKind::NotEqual) least = -1;
    if (kind == FactorKind::Sum) least = last ? -1 : 0, most = parameter[0];
    if (kind == FactorKind::Minimum || kind == FactorKind::Maximum) least = last ? -2 : -1;
    for (std::int32_t v = 0; v < count; ++v) {
      require(map[v] >= least && map[v] <= most, "factor", f, "value maps hold what the kind allows");
      top = std::max(top, map[v]);
    }
    if (!last) greatest += top;
    map += count;
    values += count;
  }
  require(kind != FactorKind::Sum || greatest == parameter[0], "factor", f, "its parameter is the greatest sum");
  require(g.value_map_begin[f + 1] - g.value_map_begin[f] == values, "factor", f, "has a value map entry a value");
}

void verify_gate(const FactorGraph& g) {
  require(g.gated.empty() || g.gated.size() == g.factor_count(), "gated is empty or has a byte a factor");
  const bool any = std::find_if(g.gated.begin(), g.gated.end(), [](std::uint8_t byte) { return byte != 0; }) != g.gated.end();
  require(g.gate_variable >= 0 || !any, "gated factors have a gate");
  if (g.gate_variable < 0) return;
  require(static_cast<std::size_t>(g.gate_variable) < g.variable_count() && g.gate_variable >= g.choice_count &&
              g.cardinality[g.gate_variable] == 2,
          "the gate is a Boolean cell");
  require(std::find(g.scope.begin(), g.scope.end(), g.gate_variable) == g.scope.end(), "the gate is in no factor");
  require(std::find(g.fixed_variable.begin(), g.fixed_variable.end(), g.gate_variable) == g.fixed_variable.end(),
          "the program does not fix the gate");
}

void verify_factors(const FactorGraph& g) {
  const std::size_t count = g.factor_count();
  require_offsets(g.scope_begin, count, g.scope.size(), "scope_begin");
  require_offsets(g.tuple_value_begin, count, g.tuple_value.size(), "tuple_value_begin");
  require(g.tuple_begin.size() == count + 1 && g.tuple_begin.front() == 0 &&
              std::is_sorted(g.tuple_begin.begin(), g.tuple_begin.end()),
          "tuple_begin must rise from 0, one entry a factor and one more");
  require(g.tuple_weight.empty() || g.tuple_weight.size() == static_cast<std::size_t>(g.tuple_begin.back()),
          "tuple_weight is empty or has a weight a tuple");
  require(g.unit_weight.size() == count, "unit_weight has one entry a factor");
  require(g.slice_position.size() == count, "slice_position has one entry a factor");
  require(g.slice_offset.size() >= count, "slice_offset has one entry a factor");
  const auto tables = static_cast<std::size_t>(std::count(g.factor_kind.begin(), g.factor_kind.end(), FactorKind::Table));
  if (tables < count || g.value_map_begin.size() > 1 || g.parameter_begin.size() > 1) {
    require_offsets(g.value_map_begin, count, g.value_map.size(), "value_map_begin");
    require_offsets(g.parameter_begin, count, g.parameter.size(), "parameter_begin");
  }
  for (std::size_t f = 0; f < count; ++f) {
    require(g.factor_kind[f] <= FactorKind::Maximum, "factor", f, "has a known kind");
    std::vector<std::int32_t> variables(g.scope.begin() + g.scope_begin[f], g.scope.begin() + g.scope_begin[f + 1]);
    for (const std::int32_t v : variables) {
      require(v >= 0 && static_cast<std::size_t>(v) < g.variable_count(), "factor", f, "scope names variables");
    }
    std::sort(variables.begin(), variables.end());
    require(std::adjacent_find(variables.begin(), variables.end()) == variables.end(), "factor", f, "no variable twice");
    const auto arity = static_cast<std::int64_t>(variables.size());
    require(arity > 0, "factor", f, "has a scope");
    if (g.factor_kind[f] != FactorKind::Table) {
      verify_structured(g, f, arity);
      continue;
    }
    verify_tuples(g, f, arity);
    verify_slices(g, f, arity);
  }
}

// Masks about variables: evidence slots (one mask a label), fixed evidence and queries (one mask).
void verify_masks(const std::vector<std::int32_t>& variables, const std::vector<std::int64_t>& begin,
                  const std::vector<std::uint8_t>& mask, const std::vector<std::int32_t>* labels, const FactorGraph& g,
                  const char* what) {
  require(begin.size() >= variables.size(), what, variables.size(), "is missing: one mask offset an entry");
  for (std::size_t i = 0; i < variables.size(); ++i) {
    require(variables[i] >= 0 && static_cast<std::size_t>(variables[i]) < g.variable_count(), what, i, "names a variable");
    const std::int64_t count = labels == nullptr ? 1 : (*labels)[i];
    require(count >= 1 && inside(begin[i], count * g.cardinality[variables[i]], mask.size()), what, i,
            "has a mask byte for every label and value");
  }
}

}  // namespace

void FactorGraph::verify() const {
  verify_variables(*this);
  verify_factors(*this);
  verify_gate(*this);
  require(slot_label_count.size() == slot_variable.size(), "slot_label_count has one entry a slot");
  verify_masks(slot_variable, slot_mask_begin, slot_mask, &slot_label_count, *this, "evidence slot");
  verify_masks(fixed_variable, fixed_mask_begin, fixed_mask, nullptr, *this, "fixed evidence");
  verify_masks(query_variable, query_mask_begin, query_mask, nullptr, *this, "query");
}

}  // namespace emnesy
