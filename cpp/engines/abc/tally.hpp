// What is kept of the worlds drawn: sums of weights, never the worlds themselves.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <vector>

#include "abc/plan.hpp"

namespace emnesy::abc {

struct GroupTally {
  double sum = 0, squares = 0;   // of the weights
  // Exponential: weights are exp(-rate * (distance - nearest)), so that the best world so far has weight one.
  double nearest = std::numeric_limits<double>::infinity();
  std::int64_t positive = 0;     // worlds with a weight above zero
  std::int64_t chosen = -1;      // Map: the best world; Sample: one drawn by weight
  double score = -std::numeric_limits<double>::infinity();  // Map: of the chosen world
};

// A statement with numbers, (predicate, arguments): what it weighs, and an atom that made it.
struct Statement {
  std::int32_t computed = -1;
  double weight = 0;
};

struct Tally {
  Tally(const Simulator& simulator, const Plan& plan, const Grouping& grouping);

  void clear();
  // The weights of group g so far were relative to a `nearest` that is no more: multiply them by `factor`.
  void rescale(std::size_t g, double factor);
  // Adds what another piece of the same example found. `uniform`: per group, a number in [0, 1) for Sample.
  void merge(Tally& other, double rate, Task task, const std::vector<double>& uniform);

  const Simulator& simulator;
  const Plan& plan;
  const Grouping& grouping;
  std::vector<GroupTally> group;
  std::vector<double> weight;        // per value of each choice (alternatives only)
  std::vector<std::int64_t> drawn;   // worlds, whatever their weight
  std::vector<double> query;
  std::vector<std::map<std::vector<double>, Statement>> said;  // per group
};

}  // namespace emnesy::abc
