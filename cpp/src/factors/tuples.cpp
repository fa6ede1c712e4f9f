#include "factors/tuples.hpp"

#include <algorithm>

namespace emnesy::factors {
namespace {

// What FactorKind says of a joint value, given what the value maps make of it.
class Rule {
 public:
  Rule(const FactorGraph& graph, std::size_t f)
      : kind_(graph.factor_kind[f]), parameter_(graph.parameter.data() + graph.parameter_begin[f]),
        parameters_(graph.parameter_begin[f + 1] - graph.parameter_begin[f]) {}

  bool allows(const std::vector<std::int32_t>& meaning) const {
    const std::int32_t result = meaning.back();
    const auto last = meaning.end() - 1;
    switch (kind_) {
      case FactorKind::Table: return false;
      case FactorKind::NotEqual: return meaning[0] != meaning[1] || meaning[0] < 0;
      case FactorKind::AllDifferent: {
        std::uint32_t seen = 0;
        for (const std::int32_t symbol : meaning) {
          if ((seen >> symbol & 1u) != 0) return false;
          seen |= 1u << symbol;
        }
        return true;
      }
      case FactorKind::Equal: return std::count(meaning.begin(), meaning.end(), result) == meaning.end() - meaning.begin();
      case FactorKind::Disjunction: return some_term(meaning) == (result != 0);
      case FactorKind::Clause: return some_term(meaning);
      case FactorKind::Sum: {
        std::int64_t sum = 0;
        for (auto input = meaning.begin(); input != last; ++input) sum += *input;
        return sum == result;
      }
      case FactorKind::Minimum:
      case FactorKind::Maximum: {
        std::int32_t best = -1;
        for (auto input = meaning.begin(); input != last; ++input) {
          if (*input < 0) continue;
          best = best < 0 ? *input : (kind_ == FactorKind::Minimum ? std::min(best, *input) : std::max(best, *input));
        }
        return best == result;
      }
    }
    return false;
  }

 private:
  bool some_term(const std::vector<std::int32_t>& meaning) const {
    const std::int32_t* literal = meaning.data();
    for (std::int64_t t = 0; t < parameters_; ++t) {
      const std::int32_t* end = literal + parameter_[t];
      if (std::find(literal, end, 0) == end) return true;
      literal = end;
    }
    return false;
  }

  const FactorKind kind_;
  const std::int32_t* const parameter_;
  const std::int64_t parameters_;
};

}  // namespace

std::int64_t joint_values(const FactorGraph& graph, std::size_t f, std::int64_t most) {
  std::int64_t product = 1;
  for (std::int64_t i = graph.scope_begin[f]; i < graph.scope_begin[f + 1] && product <= most; ++i) {
    product *= graph.cardinality[graph.scope[i]];
  }
  return product;
}

std::vector<std::int32_t> allowed_tuples(const FactorGraph& graph, std::size_t f) {
  const Rule rule(graph, f);
  const std::int32_t* scope = graph.scope.data() + graph.scope_begin[f];
  const auto arity = static_cast<std::size_t>(graph.scope_begin[f + 1] - graph.scope_begin[f]);
  std::vector<const std::int32_t*> map;  // one a scope position
  const std::int32_t* next = graph.value_maps(f);
  for (std::size_t i = 0; i < arity; ++i) {
    map.push_back(next);
    next += graph.cardinality[scope[i]];
  }
  std::vector<std::int32_t> tuple(arity, 0), meaning(arity), tuples;
  for (;;) {
    for (std::size_t i = 0; i < arity; ++i) meaning[i] = map[i][tuple[i]];
    if (rule.allows(meaning)) tuples.insert(tuples.end(), tuple.begin(), tuple.end());
    std::size_t i = arity;
    while (i > 0 && ++tuple[i - 1] == graph.cardinality[scope[i - 1]]) tuple[--i] = 0;
    if (i == 0) return tuples;
  }
}

}  // namespace emnesy::factors
