// Graphs of one loop, and several graphs as one.
#pragma once

#include "oracle.hpp"

namespace emnesy::tests {

// Choices of three values on a ring (closed) or a line; each pair of equals weighs `coupling`.
inline Problem ring(int length, bool closed, double coupling, Random& random) {
  GraphMaker maker;
  for (int i = 0; i < length; ++i) maker.choice(3);
  for (int i = 0; i + (closed ? 0 : 1) < length; ++i) {
    std::vector<std::vector<std::int32_t>> tuples;
    std::vector<double> weights;
    for (int a = 0; a < 3; ++a) {
      for (int b = 0; b < 3; ++b) {
        tuples.push_back({a, b});
        weights.push_back(a == b ? coupling : 1.0);
      }
    }
    maker.factor({i, (i + 1) % length}, tuples, weights);
  }
  Problem p;
  p.graph = maker.graph;
  p.layout.block_size = {3 * length};
  p.priors.emplace_back();
  for (int i = 0; i < length; ++i) {
    p.layout.block.push_back(0);
    p.layout.offset.push_back(3 * i);
    p.layout.stride.push_back(1);
    const double a = uniform(random, 1, 9), b = uniform(random, 1, 9), c = uniform(random, 1, 9);
    for (const double x : {a, b, c}) p.priors[0].push_back(x / (a + b + c));
  }
  return p;
}

// Graphs of choices and factors alone, as one graph that falls into them.
inline Problem side_by_side(const std::vector<Problem>& parts) {
  GraphMaker maker;
  Problem whole;
  whole.priors.emplace_back();
  whole.layout.block_size = {0};
  std::int32_t first = 0;
  for (const Problem& p : parts) {
    for (std::int32_t c = 0; c < p.graph.choice_count; ++c) {
      maker.choice(p.graph.cardinality[c]);
      whole.layout.block.push_back(0);
      whole.layout.offset.push_back(whole.layout.block_size[0] + p.layout.offset[c]);
      whole.layout.stride.push_back(p.layout.stride[c]);
    }
    whole.layout.block_size[0] += p.layout.block_size[0];
    whole.priors[0].insert(whole.priors[0].end(), p.priors[0].begin(), p.priors[0].end());
  }
  for (const Problem& p : parts) {
    const FactorGraph& g = p.graph;
    for (std::size_t f = 0; f < g.factor_count(); ++f) {
      std::vector<std::int32_t> scope;
      for (std::int64_t i = g.scope_begin[f]; i < g.scope_begin[f + 1]; ++i) scope.push_back(first + g.scope[i]);
      std::vector<std::vector<std::int32_t>> tuples;
      const auto* value = g.tuple_value.data() + g.tuple_value_begin[f];
      for (std::int64_t t = g.tuple_begin[f]; t < g.tuple_begin[f + 1]; ++t, value += scope.size()) {
        tuples.emplace_back(value, value + scope.size());
      }
      maker.factor(scope, tuples, {g.tuple_weight.begin() + g.tuple_begin[f], g.tuple_weight.begin() + g.tuple_begin[f + 1]});
    }
    first += g.choice_count;
  }
  whole.graph = maker.graph;
  return whole;
}

}  // namespace emnesy::tests
