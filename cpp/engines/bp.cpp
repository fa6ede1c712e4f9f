#include "bp.hpp"

#include <optional>
#include <utility>

#include "bp/denormals.hpp"
#include "bp/worker.hpp"
#include "thread_pool.hpp"

namespace emnesy {
namespace {

using namespace bp;

// One thread's workers: the fast one, and the wider ones for the few examples that need them.
template <typename Real>
class Crew {
 public:
  Crew(const Plan& plan, const FactorGraph& graph, const Options& options)
      : plan_(plan), graph_(graph), options_(options), fast_(plan, graph, options) {}

  Outcome run(std::int64_t example, const Real* const* priors, const std::int32_t* labels,
                    const Answer<Real>& answer, bool beliefs) {
    Outcome outcome;
    if (plan_.impossible) return outcome;
    if (fast_.run(example, priors, labels, answer, beliefs, outcome)) return outcome;
    const Denormals keep(false);  // in a wider type they are ordinary numbers
    if constexpr (std::is_same_v<Real, float>) {
      if (!double_) double_ = std::make_unique<Worker<double, Real>>(plan_, graph_, options_);
      if (double_->run(example, priors, labels, answer, beliefs, outcome)) return outcome;
    }
    if (!wide_) wide_ = std::make_unique<Worker<Wide, Real>>(plan_, graph_, options_);
    wide_->run(example, priors, labels, answer, beliefs, outcome);
    return outcome;
  }

 private:
  const Plan& plan_;
  const FactorGraph& graph_;
  const Options& options_;
  Worker<Real, Real> fast_;
  std::unique_ptr<Worker<double, Real>> double_;
  std::unique_ptr<Worker<Wide, Real>> wide_;
};

template <typename Real>
void copy_prior(const Plan& plan, const std::vector<const Real*>& priors, const Answer<Real>& answer) {
  for (std::size_t b = 0; b < priors.size(); ++b) {
    if (answer.posterior[b] != nullptr) std::copy_n(priors[b], plan.block_size[b], answer.posterior[b]);
  }
}

template <typename Real>
void copy_gaps(const Plan& plan, const std::vector<const Real*>& priors, const Answer<Real>& answer) {
  for (const Plan::Gap& gap : plan.gap) {
    Real* row = answer.posterior[gap.block];
    if (row != nullptr) std::copy(priors[gap.block] + gap.begin, priors[gap.block] + gap.end, row + gap.begin);
  }
}

template <typename Real>
void write_outcome(const ExampleResults<Real>& results, std::int64_t example, const Outcome& outcome) {
  if (results.log_evidence) results.log_evidence[example] = static_cast<Real>(outcome.log_evidence);
  if (results.possible) results.possible[example] = outcome.possible;
  if (results.iterations) results.iterations[example] = outcome.convergence.iterations[0];
  if (results.residual) results.residual[example] = static_cast<Real>(outcome.convergence.residual[0]);
  if (results.converged) results.converged[example] = outcome.convergence.converged[0];
}

}  // namespace

BeliefPropagation::BeliefPropagation(FactorGraph graph, PriorLayout layout)
    : graph_(std::move(graph)), layout_(std::move(layout)) {
  graph_.verify();
  plan_ = std::make_unique<const Plan>(make_plan(graph_, layout_));
}

BeliefPropagation::~BeliefPropagation() = default;

bool BeliefPropagation::exact() const { return plan_->loopy.empty(); }

template <typename Real>
void BeliefPropagation::run(const std::vector<PriorBlock<Real>>& priors, std::int64_t batch,
                            const EvidenceView& evidence, const Options& options,
                            const std::vector<PosteriorBlock<Real>>& posteriors,
                            const ExampleResults<Real>& results) const {
  const Plan& plan = *plan_;
  const std::size_t blocks = plan.block_size.size();
  if (priors.size() != blocks || posteriors.size() != blocks) {
    throw std::invalid_argument("belief propagation: as many prior and posterior blocks as the layout has");
  }
  const std::size_t queries = graph_.query_variable.size();
  bool beliefs = results.query_marginals != nullptr && queries > 0;
  for (const auto& block : posteriors) beliefs = beliefs || block.data != nullptr;

  const int threads = std::max(options.threads, 1);
  std::vector<std::unique_ptr<Crew<Real>>> crews(std::min<std::int64_t>(threads, std::max<std::int64_t>(batch, 1)));
  const std::int64_t chunk = std::clamp<std::int64_t>(batch / (4 * threads), 1, 64);
  parallel_for(batch, threads == 1 ? batch : chunk, threads, [&](std::int64_t begin, std::int64_t end, int worker) {
    const Denormals flushed(true);
    if (!crews[worker]) crews[worker] = std::make_unique<Crew<Real>>(plan, graph_, options);
    std::vector<const Real*> rows(blocks);
    Answer<Real> answer;
    answer.posterior.resize(blocks);
    for (std::int64_t example = begin; example < end; ++example) {
      for (std::size_t b = 0; b < blocks; ++b) {
        rows[b] = priors[b].data + example * priors[b].example_stride;
        answer.posterior[b] =
            posteriors[b].data == nullptr ? nullptr : posteriors[b].data + example * posteriors[b].example_stride;
      }
      if (results.query_marginals != nullptr) {
        answer.queries = results.query_marginals + example * static_cast<std::int64_t>(queries);
      }
      const std::int32_t* labels =
          evidence.labels == nullptr ? nullptr : evidence.labels + example * evidence.example_stride;
      const Outcome outcome = crews[worker]->run(example, rows.data(), labels, answer, beliefs);
      if (outcome.possible) {
        copy_gaps(plan, rows, answer);
      } else {
        copy_prior(plan, rows, answer);
        if (answer.queries != nullptr) std::fill_n(answer.queries, queries, Real(0));
      }
      write_outcome(results, example, outcome);
    }
  });
}

template void BeliefPropagation::run<float>(const std::vector<PriorBlock<float>>&, std::int64_t, const EvidenceView&,
                                            const Options&, const std::vector<PosteriorBlock<float>>&,
                                            const ExampleResults<float>&) const;
template void BeliefPropagation::run<double>(const std::vector<PriorBlock<double>>&, std::int64_t, const EvidenceView&,
                                             const Options&, const std::vector<PosteriorBlock<double>>&,
                                             const ExampleResults<double>&) const;

}  // namespace emnesy
