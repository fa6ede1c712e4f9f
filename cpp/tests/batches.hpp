// Batches of different examples of one graph.
#pragma once

#include "oracle.hpp"

namespace emnesy::tests {

struct Batch {
  Problem problem;  // its priors and labels are one example's at a time
  std::int64_t size = 0;
  std::vector<std::vector<double>> priors;  // per block, row-major
  std::vector<std::int32_t> labels;         // row-major

  // The e-th example alone.
  Problem example(std::int64_t e) const {
    Problem p = problem;
    for (std::size_t b = 0; b < priors.size(); ++b) {
      const auto width = static_cast<std::int64_t>(p.priors[b].size());
      std::copy_n(priors[b].begin() + e * width, width, p.priors[b].begin());
    }
    std::copy_n(labels.begin() + e * static_cast<std::int64_t>(p.labels.size()), p.labels.size(), p.labels.begin());
    return p;
  }

  void set(std::int64_t e, const Problem& p) {
    for (std::size_t b = 0; b < priors.size(); ++b) {
      std::copy(p.priors[b].begin(), p.priors[b].end(), priors[b].begin() + e * static_cast<std::int64_t>(p.priors[b].size()));
    }
    std::copy(p.labels.begin(), p.labels.end(), labels.begin() + e * static_cast<std::int64_t>(p.labels.size()));
  }
};

// Another example of the problem's graph. hard: with priors of 0, 1 and 1e-30.
inline void redraw(Problem& p, Random& random, bool hard, double missing = 0.2) {
  for (std::int32_t c = 0; c < p.graph.choice_count; ++c) {
    const std::int32_t count = p.graph.cardinality[c];
    std::vector<double> prior(count);
    double sum = 0;
    for (double& x : prior) sum += x = uniform(random, 1, 1000);
    for (double& x : prior) x /= sum;
    if (hard && coin(random, 0.3)) {
      const int special = uniform(random, 0, count - 1);
      for (int k = 0; k < count; ++k) prior[k] = k == special ? 1.0 : coin(random, 0.5) ? 0.0 : 1e-30;
    }
    for (std::int32_t k = 0; k < count - p.graph.choice_has_none[c]; ++k) {
      p.priors[p.layout.block[c]][p.layout.offset[c] + k * p.layout.stride[c]] = prior[k];
    }
  }
  for (std::size_t s = 0; s < p.labels.size(); ++s) {
    p.labels[s] = coin(random, missing) ? -1 : uniform(random, 0, p.graph.slot_label_count[s] - 1);
  }
}

inline Batch make_batch(const Problem& problem, std::int64_t size, Random& random, bool hard) {
  Batch batch;
  batch.problem = problem;
  batch.size = size;
  for (const auto& block : problem.priors) batch.priors.emplace_back(block.size() * size);
  batch.labels.resize(problem.labels.size() * size);
  for (std::int64_t e = 0; e < size; ++e) {
    redraw(batch.problem, random, hard);
    batch.set(e, batch.problem);
  }
  return batch;
}

template <typename Real>
Answers<Real> answer(const BeliefPropagation& engine, const Batch& batch, const Options& options,
                     const MessageView<Real>& messages = {}) {
  Answers<Real> a;
  std::vector<std::vector<Real>> priors;
  std::vector<PriorBlock<Real>> in;
  std::vector<PosteriorBlock<Real>> out;
  for (const auto& block : batch.priors) {
    priors.emplace_back(block.begin(), block.end());
    a.posterior.emplace_back(block.size(), Real(-1));
  }
  for (std::size_t b = 0; b < priors.size(); ++b) {
    const auto width = static_cast<std::int64_t>(batch.problem.priors[b].size());
    in.push_back({priors[b].data(), width});
    out.push_back({a.posterior[b].data(), width});
  }
  a.log_evidence.resize(batch.size);
  a.residual.resize(batch.size);
  a.possible.resize(batch.size);
  a.converged.resize(batch.size);
  a.iterations.resize(batch.size);
  a.query.resize(batch.size * batch.problem.graph.query_variable.size());
  ExampleResults<Real> results;
  results.log_evidence = a.log_evidence.data();
  results.residual = a.residual.data();
  results.possible = a.possible.data();
  results.converged = a.converged.data();
  results.iterations = a.iterations.data();
  results.query_marginals = a.query.data();
  engine.run<Real>(in, batch.size, {batch.labels.data(), static_cast<std::int64_t>(batch.problem.labels.size())}, options,
                   out, results, messages);
  return a;
}

}  // namespace emnesy::tests
