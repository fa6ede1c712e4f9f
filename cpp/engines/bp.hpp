// Belief propagation on a factor graph: exact in two passes where the graph is a forest, otherwise iterated.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "emnesy/engine.hpp"
#include "emnesy/factor_graph.hpp"

namespace emnesy {

namespace bp {
struct Plan;
struct Cache;
class Gate;
}

// Immutable; may be called from several threads at once.
class BeliefPropagation {
 public:
  // cluster: blocks of the graph that have loops are replaced by their junction trees where these have so many tuples at most
  // (bp/cluster.hpp); 0: none is.
  // Throws std::logic_error where the graph breaks an invariant, std::invalid_argument where the layout does.
  BeliefPropagation(FactorGraph graph, PriorLayout layout, std::int64_t cluster = 0);
  ~BeliefPropagation();

  // No component has a loop: answers are exact.
  bool exact() const;
  // What messages run on, with small loops clustered. Choices, slots and queries are those of the graph given.
  const FactorGraph& graph() const { return graph_; }
  const PriorLayout& layout() const { return layout_; }
  // Junction trees that blocks with loops were replaced by; with a gate, in both of its graphs.
  std::int32_t clusters() const;
  // Numbers in one example's loopy messages; 0 where there is no loop.
  std::int64_t message_count() const;
  // Fills a row of them.
  template <typename Real>
  void uniform_messages(Real* row) const;

  // Real: float or double. priors and posteriors: one a block. Memory grows with threads, not with the batch.
  // The answer to an example depends on its priors, labels and index in the batch, on the options and, in the
  // last bits, on the size of the batch; not on the number of threads. Throws std::out_of_range for a label that its slot lacks.
  template <typename Real>
  void run(const std::vector<PriorBlock<Real>>& priors, std::int64_t batch, const EvidenceView& evidence,
           const Options& options, const std::vector<PosteriorBlock<Real>>& posteriors,
           const ExampleResults<Real>& results, const MessageView<Real>& messages = {}) const;

 private:
  FactorGraph graph_;  // with a gate: as given
  PriorLayout layout_;
  std::int32_t clusters_ = 0;
  std::unique_ptr<const bp::Plan> plan_;
  std::unique_ptr<const bp::Gate> gate_;  // instead of a plan, where the graph has a gate: two engines for the two graphs
  std::unique_ptr<bp::Cache> cache_;  // memory of earlier calls, for the next ones
};

}  // namespace emnesy
