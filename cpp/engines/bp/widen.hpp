// Examples that a bundle of floats cannot tell, once more as bundles of doubles.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "bp/bundle_api.hpp"

namespace emnesy::bp {

class Widened {
 public:
  Widened(const Plan& plan, const FactorGraph& graph)
      : plan_(plan), graph_(graph), backend_(lane_backends<double>().empty() ? nullptr : &lane_backends<double>().front()) {
    if (backend_ == nullptr) return;
    worker_ = backend_->make(plan, graph);
    prior_.resize(plan.block_size.size());
    posterior_.resize(plan.block_size.size());
  }

  bool possible() const { return backend_ != nullptr; }

  // Answers the examples of the call that double can tell, and returns the others.
  std::vector<std::int64_t> run(const Call<float>& call, const std::vector<std::int64_t>& examples) {
    std::vector<std::int64_t> left;
    const auto count = static_cast<std::int64_t>(examples.size());
    for (std::int64_t first = 0; first < count; first += backend_->width) {
      const std::int64_t end = std::min<std::int64_t>(first + backend_->width, count);
      run_some(call, examples.data() + first, static_cast<int>(end - first), left);
    }
    return left;
  }

 private:
  void run_some(const Call<float>& call, const std::int64_t* examples, int count, std::vector<std::int64_t>& left) {
    std::vector<PriorBlock<double>> priors;
    std::vector<PosteriorBlock<double>> posteriors;
    for (std::size_t b = 0; b < prior_.size(); ++b) {
      const std::int64_t size = plan_.block_size[b];
      const bool shared = call.priors[b].example_stride == 0;
      read(call.priors[b].data, call.priors[b].example_stride, size, examples, shared ? 1 : count, prior_[b]);
      priors.push_back({prior_[b].data(), shared ? 0 : size});
      const bool wanted = call.posteriors[b].data != nullptr;
      if (wanted) posterior_[b].resize(static_cast<std::size_t>(count * size));
      posteriors.push_back({wanted ? posterior_[b].data() : nullptr, size});
    }
    const auto slots = static_cast<std::int64_t>(graph_.slot_variable.size());
    const auto queries = static_cast<std::int64_t>(graph_.query_variable.size());
    read(call.evidence.labels, call.evidence.example_stride, slots, examples, count, labels_);
    if (call.messages.start != nullptr) {
      read(call.messages.start, call.messages.example_stride, plan_.message_count, examples, count, start_);
    }
    if (call.messages.end != nullptr) end_.resize(static_cast<std::size_t>(count * plan_.message_count));
    log_evidence_.resize(count);
    residual_.resize(count);
    iterations_.resize(count);
    converged_.resize(count);
    ExampleResults<double> results;
    results.log_evidence = log_evidence_.data();
    results.residual = residual_.data();
    results.iterations = iterations_.data();
    results.converged = converged_.data();
    if (call.results.query_marginals != nullptr) {
      query_.resize(static_cast<std::size_t>(count * queries));
      results.query_marginals = query_.data();
    }
    MessageView<double> messages;
    messages.start = call.messages.start == nullptr ? nullptr : start_.data();
    messages.end = call.messages.end == nullptr ? nullptr : end_.data();
    messages.example_stride = plan_.message_count;
    const EvidenceView evidence{labels_.data(), slots};
    const Call<double> wider{priors, evidence, call.options, posteriors, results, messages, call.beliefs, call.team, nullptr};
    worker_->start(wider);
    const std::uint64_t done = worker_->run(wider, 0, count);
    for (int i = 0; i < count; ++i) {
      const std::int64_t e = examples[i];
      if (((done >> i) & 1) == 0) {
        left.push_back(e);
        continue;
      }
      for (std::size_t b = 0; b < prior_.size(); ++b) {
        const PosteriorBlock<float>& block = call.posteriors[b];
        if (block.data != nullptr) write(posterior_[b], i, plan_.block_size[b], block.data + e * block.example_stride);
      }
      if (call.results.query_marginals) write(query_, i, queries, call.results.query_marginals + e * queries);
      if (call.messages.end) write(end_, i, plan_.message_count, call.messages.end + e * call.messages.example_stride);
      if (call.results.log_evidence) call.results.log_evidence[e] = static_cast<float>(log_evidence_[i]);
      if (call.results.possible) call.results.possible[e] = 1;
      if (call.results.iterations) call.results.iterations[e] = iterations_[i];
      if (call.results.residual) call.results.residual[e] = static_cast<float>(residual_[i]);
      if (call.results.converged) call.results.converged[e] = converged_[i];
    }
  }

  // Rows of some examples, one after the other.
  template <typename From, typename To>
  static void read(const From* rows, std::int64_t stride, std::int64_t size, const std::int64_t* examples, int count,
                   std::vector<To>& out) {
    out.resize(static_cast<std::size_t>(count * size));
    if (size == 0) return;
    for (int i = 0; i < count; ++i) {
      const From* row = rows + examples[i] * stride;
      std::transform(row, row + size, out.begin() + i * size, [](From x) { return static_cast<To>(x); });
    }
  }

  static void write(const std::vector<double>& rows, int i, std::int64_t size, float* out) {
    const double* row = rows.data() + i * size;
    std::transform(row, row + size, out, [](double x) { return static_cast<float>(x); });
  }

  const Plan& plan_;
  const FactorGraph& graph_;
  const LaneBackend<double>* backend_;
  std::unique_ptr<BundleWorker<double>> worker_;
  std::vector<std::vector<double>> prior_, posterior_;
  std::vector<double> log_evidence_, residual_, query_, start_, end_;
  std::vector<std::int32_t> labels_, iterations_;
  std::vector<std::uint8_t> converged_;
};

}  // namespace emnesy::bp
