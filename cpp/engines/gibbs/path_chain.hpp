// The chain for programs of cheapest paths whose whole path is observed: every conditional of a world at once.
#pragma once

#include <memory>

#include "counterfactual/paths.hpp"
#include "gibbs/problem.hpp"

namespace emnesy::gibbs {

// A sweep proposes new values for a random block of choices, each from its conditional in the current world, and
// accepts with the exact ratio: with Z the prior mass of a choice's allowed values, the product over the block of
// Z_old / Z_new, zero where the old value would not be allowed in the new world. Cheaper choices on the path and
// dearer ones off it never break a path, so every two consistent worlds are connected by single changes through the cheapest
// and dearest: the chain is irreducible.
class PathChain : public Chain {
 public:
  explicit PathChain(const Plan& plan);

  bool start(const Problem& problem, const std::int32_t* values, Stream& random, bool& proved) override;
  void sweep(Stream& random, bool adapting) override;
  const double* rows() const override { return rows_.data(); }
  const std::int32_t* values() const override { return values_.data(); }
  bool holds(CellLiteral lit) override;

 private:
  bool observe(const Problem& problem);  // false: no weights at all have this path
  bool evaluate(const std::vector<std::int32_t>& values);
  void conditionals(std::vector<double>& rows, std::vector<double>& mass);
  void redraw_free(Stream& random);

  const Plan& plan_;
  const counterfactual::Weighers& weighers_;
  std::unique_ptr<counterfactual::PathSolver> solver_;
  const Problem* problem_ = nullptr;
  std::vector<std::int64_t> weight_;
  std::vector<std::int32_t> values_, proposal_, block_weighers_, free_;
  std::vector<double> rows_, new_rows_, mass_, new_mass_;
  std::unique_ptr<counterfactual::World> world_;  // for queries
};

}  // namespace emnesy::gibbs
