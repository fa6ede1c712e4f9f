// Graphs large enough for several threads to share one example's work, for the tests.
#pragma once

#include <array>
#include <cstring>

#include "batches.hpp"

namespace emnesy::tests {

// Choices of `values` values, a block; pairs of them tied by random positive weights.
class PairMaker {
 public:
  PairMaker(int choices, int values, Random& random) : values_(values), random_(random) {
    for (int i = 0; i < choices; ++i) {
      maker.choice(values);
      problem.layout.block.push_back(0);
      problem.layout.offset.push_back(std::int64_t{values} * i);
      problem.layout.stride.push_back(1);
    }
    problem.layout.block_size = {std::int64_t{choices} * values};
    problem.priors.emplace_back(problem.layout.block_size[0]);
  }

  void pair(int a, int b, int most = 9) {
    std::vector<std::vector<std::int32_t>> tuples;
    std::vector<double> weights;
    for (int x = 0; x < values_; ++x) {
      for (int y = 0; y < values_; ++y) {
        tuples.push_back({x, y});
        weights.push_back(uniform(random_, 1, most));
      }
    }
    maker.factor({a, b}, tuples, weights);
  }

  Problem finish(bool hard = false) {
    problem.graph = maker.graph;
    problem.labels.assign(problem.graph.slot_variable.size(), -1);
    redraw(problem, random_, hard);
    return problem;
  }

  GraphMaker maker;
  Problem problem;

 private:
  const int values_;
  Random& random_;
};

// A tree of pairs: choice i hangs on one of the `reach` choices before it (1: a chain). Every `apart`-th starts a new tree.
inline Problem pair_tree(int choices, int values, int reach, int apart, Random& random, bool hard = false) {
  PairMaker maker(choices, values, random);
  for (int i = 1; i < choices; ++i) {
    if (i % apart == 0) continue;
    maker.pair(uniform(random, std::max(i - reach, i - i % apart), i - 1), i);
  }
  for (int i = 0; i < choices; i += 7) maker.maker.value_slot(i);
  return maker.finish(hard);
}

// A sum of so many digits that priors come in panes: both numbers' digits one after the other, `gap` entries of no digit between them and
// three behind them.
inline Problem long_addition(std::int32_t digits, std::int64_t gap = 5) {
  Problem p;
  p.graph = addition_chain(digits);
  p.layout.block_size = {20 * digits + gap + 3};
  p.priors.emplace_back(20 * digits + gap + 3, 0.125);
  for (std::int32_t c = 0; c < 2 * digits; ++c) {
    p.layout.block.push_back(0);
    p.layout.offset.push_back(10 * (c / 2) + (c % 2) * (10 * digits + gap));
    p.layout.stride.push_back(1);
  }
  p.labels.assign(digits + 1, -1);
  return p;
}

// A grid of pairs, row by row.
inline Problem pair_grid(int side, int values, Random& random) {
  PairMaker maker(side * side, values, random);
  for (int r = 0; r < side; ++r) {
    for (int c = 0; c < side; ++c) {
      if (c + 1 < side) maker.pair(side * r + c, side * r + c + 1, 3);
      if (r + 1 < side) maker.pair(side * r + c, side * (r + 1) + c, 3);
    }
  }
  for (int i = 0; i < side * side; i += 11) maker.maker.value_slot(i);
  return maker.finish();
}

// Layers of choices, each choice tied to two of the layer before: factors layer by layer hardly wait for one another.
inline Problem wide_layers(int layers, int width, Random& random) {
  PairMaker maker(layers * width, 4, random);
  for (int l = 1; l < layers; ++l) {
    for (int step = 0; step < 2; ++step) {
      for (int i = 0; i < width; ++i) maker.pair(width * (l - 1) + (i + (step == 0 ? 0 : l)) % width, width * l + i, 3);
    }
  }
  return maker.finish();
}

// Choices in a row, any four neighbours tied by a structured factor: disjunctions and sums into cells, and inequalities.
inline Problem structured_band(int choices, Random& random) {
  PairMaker maker(choices, 4, random);
  for (int i = 0; i + 3 < choices; i += 2) {
    std::vector<std::int32_t> scope{i, i + 1, i + 2, i + 3};
    switch (i / 2 % 3) {
      case 0: {
        scope.push_back(maker.maker.cell(2));
        maker.maker.structured(FactorKind::Disjunction, scope, {{0, 1, 0, 1}, {0, 0, 1, 1}, {1, 0, 0, 0}, {0, 1, 1, 0}, {0, 1}}, {2, 2});
        maker.maker.query(scope.back(), {0, 1});
        break;
      }
      case 1: {
        scope.push_back(maker.maker.cell(13));
        std::vector<std::int32_t> numbers(13);
        std::iota(numbers.begin(), numbers.end(), 0);
        maker.maker.structured(FactorKind::Sum, scope, {{0, 1, 2, 3}, {0, 1, 2, 3}, {0, 1, 2, 3}, {0, 1, 2, 3}, numbers}, {12});
        maker.maker.value_slot(scope.back());
        break;
      }
      default:
        maker.maker.structured(FactorKind::NotEqual, {i, i + 2}, {{0, 1, 2, 3}, {0, 1, 2, 3}}, {4});
        maker.pair(i + 1, i + 3, 3);
    }
  }
  Problem p = maker.finish();
  std::fill(p.labels.begin(), p.labels.end(), -1);
  for (std::size_t s = 0; s < p.labels.size(); s += 5) p.labels[s] = 6;
  return p;
}

template <typename T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

template <typename Real>
bool same_bits(const Answers<Real>& a, const Answers<Real>& b) {
  bool same = a.posterior.size() == b.posterior.size();
  for (std::size_t i = 0; same && i < a.posterior.size(); ++i) same = same_bits(a.posterior[i], b.posterior[i]);
  return same && same_bits(a.log_evidence, b.log_evidence) && same_bits(a.residual, b.residual) && same_bits(a.query, b.query) &&
         a.possible == b.possible && a.converged == b.converged && a.iterations == b.iterations;
}

}  // namespace emnesy::tests
