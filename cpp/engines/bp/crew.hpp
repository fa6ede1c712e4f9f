// The memory and the workers of one thread, kept between calls: allocating and clearing them would take longer than a
// small call.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "bp/bundle_api.hpp"
#include "bp/denormals.hpp"
#include "bp/widen.hpp"
#include "bp/worker.hpp"

namespace emnesy::bp {

template <typename Real>
void uniform_messages(const Plan& plan, Real* row) {
  for (const Edge& edge : plan.edge) {
    const std::int32_t values = plan.variable[edge.variable].cardinality;
    row = std::fill_n(row, values, Real(1) / static_cast<Real>(values));
  }
}

template <typename Real>
class Crew {
 public:
  Crew(const Plan& plan, const FactorGraph& graph) : plan_(plan), graph_(graph) {}

  void start(const Call<Real>& call, const LaneBackend<Real>* backend) {
    call_ = &call;
    fast_started_ = double_started_ = wide_started_ = false;
    if (backend == nullptr) return;
    if (bundle_ == nullptr || backend_ != backend) bundle_ = backend->make(plan_, graph_);
    backend_ = backend;
    bundle_->start(call);
  }

  // Examples first .. first + count - 1, together.
  void run_bundle(std::int64_t first, int count) {
    const std::uint64_t done = bundle_->run(*call_, first, count);
    if (call_->check != nullptr && call_->check->failed()) return;
    std::vector<std::int64_t> left;
    for (int i = 0; i < count; ++i) {
      if (((done >> i) & 1) == 0) left.push_back(first + i);
    }
    Try first_try = std::is_same_v<Real, float> ? Try::Double : Try::Wide;
    if constexpr (std::is_same_v<Real, float>) {
      // Whatever their number: an example's answer must not depend on its neighbours. (A tree is done before a bundle pays.)
      if (!left.empty() && !plan_.loopy.empty()) {
        if (widened_ == nullptr) widened_ = std::make_unique<Widened>(plan_, graph_);
        if (widened_->possible()) {
          left = widened_->run(*call_, left);
          first_try = Try::Wide;
        }
      }
    }
    for (const std::int64_t example : left) run_one(example, first_try);
  }

  enum class Try { Source, Double, Wide };

  // In the fastest type of number that can tell the answer, from the first that has not been tried.
  void run_one(std::int64_t example, Try first = Try::Source) {
    if (first == Try::Source && call_->check != nullptr && !call_->check->look(example, 1)) return;
    const std::size_t blocks = plan_.block_size.size();
    rows_.resize(blocks);
    answer_.posterior.resize(blocks);
    for (std::size_t b = 0; b < blocks; ++b) {
      const auto& out = call_->posteriors[b];
      rows_[b] = call_->priors[b].data + example * call_->priors[b].example_stride;
      answer_.posterior[b] = out.data == nullptr ? nullptr : out.data + example * out.example_stride;
    }
    const auto queries = static_cast<std::int64_t>(graph_.query_variable.size());
    answer_.queries = call_->results.query_marginals;
    if (answer_.queries != nullptr) answer_.queries += example * queries;
    const std::int64_t at = example * call_->messages.example_stride;
    answer_.messages.start = call_->messages.start == nullptr ? nullptr : call_->messages.start + at;
    answer_.messages.end = call_->messages.end == nullptr ? nullptr : call_->messages.end + at;
    const auto& evidence = call_->evidence;
    const std::int32_t* labels = evidence.labels == nullptr ? nullptr : evidence.labels + example * evidence.example_stride;
    Outcome outcome;
    solve(example, labels, first, outcome);
    if (outcome.possible) {
      for (const Plan::Gap& gap : plan_.gap) {
        Real* row = answer_.posterior[gap.block];
        if (row != nullptr) std::copy(rows_[gap.block] + gap.begin, rows_[gap.block] + gap.end, row + gap.begin);
      }
    } else {
      for (std::size_t b = 0; b < blocks; ++b) {
        if (answer_.posterior[b] != nullptr) std::copy_n(rows_[b], plan_.block_size[b], answer_.posterior[b]);
      }
      if (answer_.queries != nullptr) std::fill_n(answer_.queries, queries, Real(0));
      if (answer_.messages.end != nullptr) uniform_messages(plan_, answer_.messages.end);
    }
    const ExampleResults<Real>& results = call_->results;
    if (results.log_evidence) results.log_evidence[example] = static_cast<Real>(outcome.log_evidence);
    if (results.possible) results.possible[example] = outcome.possible;
    if (results.consistent) results.consistent[example] = outcome.possible && outcome.consistent;
    if (results.iterations) results.iterations[example] = outcome.convergence.iterations[0];
    if (results.residual) results.residual[example] = static_cast<Real>(outcome.convergence.residual[0]);
    if (results.converged) results.converged[example] = outcome.convergence.converged[0];
  }

 private:
  void solve(std::int64_t example, const std::int32_t* labels, Try first, Outcome& outcome) {
    if (plan_.impossible) return;
    if (first == Try::Source && attempt(fast_, fast_started_, example, labels, outcome)) return;
    const Denormals keep(false);  // in a wider type they are ordinary numbers
    if constexpr (std::is_same_v<Real, float>) {
      if (first != Try::Wide && attempt(double_, double_started_, example, labels, outcome)) return;
    }
    attempt(wide_, wide_started_, example, labels, outcome);
  }

  template <typename Number>
  bool attempt(std::unique_ptr<Worker<Number, Real>>& worker, bool& started, std::int64_t example,
               const std::int32_t* labels, Outcome& outcome) {
    if (worker == nullptr) worker = std::make_unique<Worker<Number, Real>>(plan_, graph_);
    if (!started) worker->start(call_->options, call_->team);
    started = true;
    outcome = {};
    return worker->run(example, rows_.data(), labels, answer_, call_->beliefs, outcome);
  }

  const Plan& plan_;
  const FactorGraph& graph_;
  const Call<Real>* call_ = nullptr;
  const LaneBackend<Real>* backend_ = nullptr;
  std::unique_ptr<BundleWorker<Real>> bundle_;
  std::unique_ptr<Widened> widened_;
  std::unique_ptr<Worker<Real, Real>> fast_;
  std::unique_ptr<Worker<double, Real>> double_;
  std::unique_ptr<Worker<Wide, Real>> wide_;
  bool fast_started_ = false, double_started_ = false, wide_started_ = false;
  std::vector<const Real*> rows_;
  Answer<Real> answer_;
};

// Crews that no call is using.
template <typename Real>
class Crews {
 public:
  std::unique_ptr<Crew<Real>> take(const Plan& plan, const FactorGraph& graph) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!idle_.empty()) {
        auto crew = std::move(idle_.back());
        idle_.pop_back();
        return crew;
      }
    }
    return std::make_unique<Crew<Real>>(plan, graph);
  }

  void give_back(std::unique_ptr<Crew<Real>> crew) {
    const std::lock_guard<std::mutex> lock(mutex_);
    idle_.push_back(std::move(crew));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Crew<Real>>> idle_;
};

}  // namespace emnesy::bp
