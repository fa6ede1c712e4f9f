// The choices that weights of a graph depend on, and what follows for each of them.
#pragma once

#include <cstdint>
#include <vector>

namespace emnesy::counterfactual {

// Each of them once: the weight that every value of the choice gives.
struct Weighers {
  std::vector<std::int32_t> choice;
  std::vector<std::int64_t> begin{0};  // of weights, one for each value of the choice
  std::vector<std::int64_t> weight;

  std::int32_t size() const { return static_cast<std::int32_t>(choice.size()); }
};

// Finds, for one world after another, which weights leave the cheapest path the observed one. Owns its scratch space.
class PathSolver {
 public:
  virtual ~PathSolver() = default;
  // Does the world with these weights (one for each weigher) have the observed path? Then bound() holds.
  virtual bool evaluate(const std::int64_t* weight) = 0;
  // Per weigher: the greatest weight that it may have where on_path(), else the least; all others as they are.
  virtual const std::int64_t* bound() const = 0;
  virtual bool on_path(std::int32_t weigher) const = 0;
};

}  // namespace emnesy::counterfactual
