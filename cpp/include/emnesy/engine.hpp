// What every engine on a factor graph answers, and with what.
#pragma once

#include <cstdint>
#include <vector>

#include "emnesy/check.hpp"

namespace emnesy {

enum class Task : std::uint8_t {
  Marginals,  // posterior marginals of every choice
  Map,        // most probable joint assignment (one-hot posteriors); where loopy, one that beliefs lead to
  Sample,     // one joint sample from the posterior (one-hot); where loopy, one that beliefs lead to
};

// The prior of every choice, for a batch of examples. Probabilities of the alternatives; what they leave
// goes to "none" where the choice has one. Several blocks, so that each neural predicate's tensor can be
// used where it lies.
template <typename Real>
struct PriorBlock {
  const Real* data = nullptr;
  std::int64_t example_stride = 0;  // in elements; 0: the same for every example
};

// Where choice c finds its alternatives: block, offset in an example's row, stride between alternatives.
struct PriorLayout {
  std::vector<std::int32_t> block;
  std::vector<std::int64_t> offset;
  std::vector<std::int32_t> stride;
  std::vector<std::int64_t> block_size;  // per block: elements in one example's row
  // What the first blocks hold, for Options::check_priors; blocks beyond are taken on trust.
  std::vector<PriorRule> rules{};
};

template <typename Real>
struct PosteriorBlock {
  Real* data = nullptr;             // laid out like the prior block, always with a row per example;
  std::int64_t example_stride = 0;  // data == nullptr: not wanted
};

// In which order loopy belief propagation sends its messages.
enum class Schedule : std::uint8_t {
  Sequential,  // factor by factor, there and back, each from the newest messages
  Flooding,    // all at once, each from the messages of the iteration before
  Residual,    // factor by factor, where the most has changed first
};

struct Options {
  Task task = Task::Marginals;
  int threads = 1;
  std::uint64_t seed = 0;
  int max_iterations = 200;   // loopy only
  double damping = 0.0;       // loopy only: new = (1 - damping) * computed + damping * old
  double tolerance = 1e-6;    // loopy only: greatest change of a normalised message
  Schedule schedule = Schedule::Sequential;  // loopy only
  // Throw InvalidPriors where a prior breaks the layout's rules. Each thread looks at what it is about to read anyway.
  bool check_priors = false;
  // Examples computed together in SIMD registers: as many as pay, or none (0), or always this many where the
  // machine has such registers. Answers differ by rounding only.
  static constexpr int as_many_as_pay = -1;
  int lanes = as_many_as_pay;
};

// The batch's evidence: labels[b * slot_count + s] is the label of slot s in example b, -1 unobserved.
struct EvidenceView {
  const std::int32_t* labels = nullptr;
  std::int64_t example_stride = 0;
};

// log_evidence of an example whose evidence has probability zero. Finite, so that no infinity leaves an
// engine; `possible` says which examples these are.
constexpr double log_zero = -1e30;

// All arrays have one entry per example and belong to the caller; null: not wanted.
template <typename Real>
struct ExampleResults {
  Real* log_evidence = nullptr;
  std::uint8_t* possible = nullptr;   // 0: impossible evidence; its posterior is its prior
  std::int32_t* iterations = nullptr;
  Real* residual = nullptr;
  std::uint8_t* converged = nullptr;
  std::uint8_t* consistent = nullptr;  // Map and Sample: the world decoded is a possible one; loopy graphs may fail to find one
  Real* query_marginals = nullptr;    // examples x queries; Map and Sample: 0 or 1, what holds in that world;
                                      // 0 where the evidence is impossible
};

// Loopy messages from one call to the next, a row of BeliefPropagation::message_count() numbers an example.
template <typename Real>
struct MessageView {
  const Real* start = nullptr;  // finite, not negative; null: uniform messages
  Real* end = nullptr;          // where the messages ended; uniform where the evidence is impossible; null: not wanted
  std::int64_t example_stride = 0;  // 0: rows lie one after the other
};

}  // namespace emnesy
