// The chain for any program: one world, updated as its choices change.
#pragma once

#include "gibbs/problem.hpp"

namespace emnesy::gibbs {

// A sweep gives every choice that the observations depend on a new value from its exact conditional (each of its values
// is tried, incrementally), and then proposes blocks: choices that share an observation, all but the last from
// their priors (or from those mixed with uniform ones, so that rare causes are tried), the last from its conditional,
// accepted with the ratio of the last one's allowed prior mass in the new and the old world, corrected for the mixture.
// Now and then a block is everything that matters, so that the chain is irreducible, if
// slowly. Choices that no observation depends on keep their priors.
class WorldChain : public Chain {
 public:
  explicit WorldChain(const Plan& plan) : plan_(plan), world_(plan.world) {}

  bool start(const Problem& problem, const std::int32_t* values, Stream& random, bool& proved) override;
  void sweep(Stream& random, bool adapting) override;
  const double* rows() const override { return rows_.data(); }
  const std::int32_t* values() const override { return world_.values(); }
  bool holds(CellLiteral lit) override { return world_.holds(lit); }

 private:
  void observe(const Problem& problem);
  bool search(Stream& random);
  std::int32_t broken(Stream& random) const;
  // Prior mass of each value that keeps all observations, all else fixed; returns the sum.
  double conditional(std::int32_t choice, double* out);
  void site(std::int32_t choice, Stream& random);
  void move(Stream& random, bool adapting);
  void draw_prior(std::int32_t choice, Stream& random);
  const double* prior(std::int32_t choice) const { return problem_->prior.data() + plan_.value_begin[choice]; }

  const Plan& plan_;
  counterfactual::World world_;
  const Problem* problem_ = nullptr;
  // Observations and constraints with the choices that they depend on.
  std::vector<std::vector<CellLiteral>> together_;      // literals of which not all may hold
  std::vector<std::int64_t> cone_begin_;
  std::vector<std::int32_t> cone_;
  std::vector<std::int32_t> blocks_;                    // observations that two choices or more share
  std::vector<std::int32_t> relevant_, free_;
  std::vector<double> rows_, before_, after_, proposal_;
  std::vector<std::int32_t> block_choices_, block_values_, shuffled_;
};

}  // namespace emnesy::gibbs
