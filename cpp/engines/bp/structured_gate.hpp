// Conditioning on a gate: on a conjunction of factors, on its negation, or on neither.
//
// Let e be "all gated factors allow the joint value". Observed: belief propagation on all factors. Not observed: on the factors
// without the gated ones. Observed to be false: with Z the probability of the evidence without e and p = Z(with e) / Z,
//   p(z | not e) = (p(z) - p * p(z | e)) / (1 - p),    log-evidence = log Z + log(1 - p)
// from the two runs. Where these are approximate the difference may be negative: it is clipped at zero and the choice's
// probabilities are scaled to one. Where p is not small the two runs are made in double.
#pragma once

#include <memory>
#include <vector>

#include "bp.hpp"

namespace emnesy::bp {

// The graph with the gate wide open, or without its factors. Either way its variable says nothing any more.
FactorGraph without_gate(const FactorGraph& graph, bool open);

class Gate {
 public:
  // cluster: as for BeliefPropagation, in either of the two graphs.
  Gate(const FactorGraph& graph, const PriorLayout& layout, std::int64_t cluster);

  bool exact() const { return open_->exact() && shut_->exact(); }
  std::int32_t clusters() const { return open_->clusters() + shut_->clusters(); }

  // One example's row: the messages of the graph with all factors, then those without the gated ones.
  std::int64_t message_count() const { return open_->message_count() + shut_->message_count(); }
  template <typename Real>
  void uniform_messages(Real* row) const {
    open_->uniform_messages(row);
    shut_->uniform_messages(row + open_->message_count());
  }

  template <typename Real>
  void run(const std::vector<PriorBlock<Real>>& priors, std::int64_t batch, const EvidenceView& evidence,
           const Options& options, const std::vector<PosteriorBlock<Real>>& posteriors,
           const ExampleResults<Real>& results, const MessageView<Real>& messages) const;

 private:
  enum class State : std::uint8_t { Unknown, Open, Shut, Neither };
  State state_of(const std::int32_t* labels) const;

  std::unique_ptr<const BeliefPropagation> open_;  // all factors
  std::unique_ptr<const BeliefPropagation> shut_;  // without the gated ones
  FactorGraph graph_;                              // as given
  std::vector<std::int32_t> slots_, queries_;      // those about the gate
};

}  // namespace emnesy::bp
