// Approximate Bayesian computation: worlds are drawn from the prior and weighed by how well they match what was
// observed. With the exact kernel, rejection sampling.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "emnesy/engine.hpp"
#include "emnesy/simulator.hpp"

namespace emnesy {

namespace abc {
struct Plan;
}

struct AbcOptions {
  enum class Kernel : std::uint8_t {
    Exact,        // 1 where everything observed holds, else 0
    Fraction,     // the share of what was observed that holds
    Exponential,  // exp(-rate * distance)
    Nearest,      // 1 for the share `keep` of the worlds with the least distance, and those as near
  };
  enum class Distance : std::uint8_t {
    Mismatches,  // how many of the observed labels do not hold
    Numeric,     // labels that are numbers: by how much they differ
  };
  // By which observations a choice is weighed.
  enum class Locality : std::uint8_t {
    All,        // by all
    Component,  // by those that depend on any choice that shares an observation with it, and so on: loses nothing
    Cone,       // by those that itself can influence: neglects what others explain away
  };

  Task task = Task::Marginals;
  int threads = 1;
  std::uint64_t seed = 0;
  std::int64_t samples = 1000;
  Kernel kernel = Kernel::Exponential;
  Distance distance = Distance::Mismatches;
  Locality locality = Locality::Component;
  double rate = 1.0;
  double keep = 0.01;
  bool control_variate = true;
};

// Per example; null: not wanted.
template <typename Real>
struct AbcResults {
  Real* log_evidence = nullptr;       // log of the mean weight
  std::uint8_t* possible = nullptr;   // 0: the evidence contradicts itself, whatever the choices are
  std::uint8_t* answered = nullptr;   // 0: no world had a weight; the posterior is the prior
  double* effective = nullptr;        // effective sample size (Kish 1965) of the worst component
  double* accepted = nullptr;         // share of worlds with a weight above zero, in the worst component
  Real* queries = nullptr;
  // Example, what a query atom says (predicate, then arguments: bits of a double, or ~value), probability.
  struct Said {
    std::int64_t example;
    std::int32_t computed;            // index in Simulator::computed_query of an atom that said it
    std::vector<double> numbers;      // its arguments; 0 for what is no number
    double probability;
  };
  std::vector<Said>* said = nullptr;
};

// Immutable; may be called from several threads at once.
class Abc {
 public:
  // label_number: parallel to simulator.slot_literal: the label as a number, NaN where it is none.
  Abc(std::shared_ptr<const Simulator> simulator, PriorLayout layout, std::vector<double> label_number);
  ~Abc();

  const Simulator& simulator() const { return *simulator_; }
  const PriorLayout& layout() const { return layout_; }

  // As BeliefPropagation::run. Random numbers are keyed by (seed, example, choice, sample): the answer depends on
  // neither threads nor the order of work. Memory grows with threads (and, for Nearest, with one double a sample and
  // thread), not with the batch.
  template <typename Real>
  void run(const std::vector<PriorBlock<Real>>& priors, std::int64_t batch, const EvidenceView& evidence,
           const AbcOptions& options, const std::vector<PosteriorBlock<Real>>& posteriors,
           const AbcResults<Real>& results) const;

 private:
  std::shared_ptr<const Simulator> simulator_;
  PriorLayout layout_;
  std::unique_ptr<const abc::Plan> plan_;
};

}  // namespace emnesy
