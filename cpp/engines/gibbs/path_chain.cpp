#include "gibbs/path_chain.hpp"

#include <algorithm>
#include <cmath>

namespace emnesy::gibbs {

namespace {

class NodeSolver : public counterfactual::PathSolver {
 public:
  explicit NodeSolver(const counterfactual::PathGraph& graph) : graph_(graph), conditionals_(graph) {}

  bool observe(const std::vector<std::uint8_t>& on_path) { return counterfactual::observe_path(graph_, on_path.data(), observed_); }
  bool evaluate(const std::int64_t* weight) override { return conditionals_.evaluate(observed_, weight); }
  const std::int64_t* bound() const override { return conditionals_.bound(); }
  bool on_path(std::int32_t weigher) const override { return observed_.index[weigher] >= 0; }

 private:
  const counterfactual::PathGraph& graph_;
  counterfactual::PathConditionals conditionals_;
  counterfactual::ObservedPath observed_;
};

}  // namespace

PathChain::PathChain(const Plan& plan) : plan_(plan), weighers_(plan.paths ? plan.paths->weighers : plan.edges->weighers) {
  if (plan.paths) solver_ = std::make_unique<NodeSolver>(plan.paths->graph);
  else solver_ = std::make_unique<counterfactual::EdgeConditionals>(plan.edges->graph);
  const auto weighers = static_cast<std::size_t>(weighers_.size());
  weight_.resize(weighers);
  mass_.resize(weighers);
  new_mass_.resize(weighers);
  values_.assign(plan.choices(), 0);
  std::vector<std::uint8_t> weighs(plan.choices(), 0);
  for (const std::int32_t c : weighers_.choice) weighs[c] = 1;
  for (std::int32_t c = 0; c < plan.choices(); ++c) {
    if (!weighs[c]) free_.push_back(c);
  }
}

bool PathChain::observe(const Problem& problem) {
  if (plan_.paths) return static_cast<NodeSolver&>(*solver_).observe(problem.on_path);
  static_cast<counterfactual::EdgeConditionals&>(*solver_).observe(problem.way);
  return true;
}

bool PathChain::evaluate(const std::vector<std::int32_t>& values) {
  for (std::int32_t v = 0; v < weighers_.size(); ++v) weight_[v] = weighers_.weight[weighers_.begin[v] + values[weighers_.choice[v]]];
  return solver_->evaluate(weight_.data());
}

void PathChain::conditionals(std::vector<double>& rows, std::vector<double>& mass) {
  const std::int64_t* const bound = solver_->bound();
  for (std::int32_t v = 0; v < weighers_.size(); ++v) {
    const std::int64_t* const weight = weighers_.weight.data() + weighers_.begin[v];
    const std::int64_t at = plan_.value_begin[weighers_.choice[v]];
    const double* const prior = problem_->prior.data() + at;
    double* const row = rows.data() + at;
    const std::int64_t count = weighers_.begin[v + 1] - weighers_.begin[v];
    const bool on_path = solver_->on_path(v);
    double sum = 0;
    for (std::int64_t k = 0; k < count; ++k) {
      row[k] = (on_path ? weight[k] <= bound[v] : weight[k] >= bound[v]) ? prior[k] : 0.0;
      sum += row[k];
    }
    mass[v] = sum;
    const double scale = 1 / sum;  // the present value is allowed and has a positive prior
    for (std::int64_t k = 0; k < count; ++k) row[k] *= scale;
  }
}

void PathChain::redraw_free(Stream& random) {
  for (const std::int32_t c : free_) values_[c] = random.draw(problem_->prior.data() + plan_.value_begin[c], plan_.values(c));
}

bool PathChain::start(const Problem& problem, const std::int32_t* values, Stream& random, bool& proved) {
  problem_ = &problem;
  proved = true;
  proposed = accepted = 0;
  rows_ = new_rows_ = problem.prior;
  for (std::int32_t c = 0; c < plan_.choices(); ++c) {
    const double* const prior = problem.prior.data() + plan_.value_begin[c];
    if (std::none_of(prior, prior + plan_.values(c), [](double p) { return p > 0; })) return false;
  }
  if (!observe(problem)) return false;
  if (values != nullptr) {
    const auto fits = [&] {
      for (std::int32_t c = 0; c < plan_.choices(); ++c) {
        if (values[c] < 0 || values[c] >= plan_.values(c) || !(problem.prior[plan_.value_begin[c] + values[c]] > 0)) return false;
      }
      return true;
    };
    if (fits()) {
      values_.assign(values, values + plan_.choices());
      if (evaluate(values_)) {
        conditionals(rows_, mass_);
        if (!(block > 0)) block = 1;
        return true;
      }
    }
  }
  // If any world has this path, then the one that is cheapest on it and dearest off it.
  for (std::int32_t v = 0; v < weighers_.size(); ++v) {
    const std::int64_t* const weight = weighers_.weight.data() + weighers_.begin[v];
    const double* const prior = problem.prior.data() + plan_.value_begin[weighers_.choice[v]];
    std::int32_t best = -1;
    for (std::int32_t k = 0; k < plan_.values(weighers_.choice[v]); ++k) {
      if (!(prior[k] > 0)) continue;
      if (best < 0 || (solver_->on_path(v) ? weight[k] < weight[best] : weight[k] > weight[best])) best = k;
    }
    values_[weighers_.choice[v]] = best;
  }
  redraw_free(random);
  if (!evaluate(values_)) return false;
  conditionals(rows_, mass_);
  block = 0.1 * weighers_.size();
  return true;
}

void PathChain::sweep(Stream& random, bool adapting) {
  const std::int32_t weighers = weighers_.size();
  // Blocks of many sizes: large ones for what hangs together, small ones for what is stiff.
  const double share = std::exp2(-4 * random.uniform());
  const double rate = std::min(1.0, std::max(block * share, 1.0) / weighers);
  proposal_ = values_;
  block_weighers_.clear();
  bool changed = false;
  for (std::int64_t v = random.geometric(rate); v < weighers; v += 1 + random.geometric(rate)) {
    const std::int32_t c = weighers_.choice[v];
    proposal_[c] = random.draw(rows_.data() + plan_.value_begin[c], plan_.values(c));
    changed = changed || proposal_[c] != values_[c];
    block_weighers_.push_back(static_cast<std::int32_t>(v));
  }
  if (changed) {
    ++proposed;
    bool accept = evaluate(proposal_);
    if (accept) {
      conditionals(new_rows_, new_mass_);
      double log_ratio = 0;
      for (const std::int32_t v : block_weighers_) {
        if (!(new_rows_[plan_.value_begin[weighers_.choice[v]] + values_[weighers_.choice[v]]] > 0)) accept = false;
        log_ratio += std::log(mass_[v] / new_mass_[v]);
      }
      accept = accept && (log_ratio >= 0 || random.uniform() < std::exp(log_ratio));
    }
    if (accept) {
      values_.swap(proposal_);
      rows_.swap(new_rows_);
      mass_.swap(new_mass_);
      ++accepted;
    }
    if (adapting) block = std::min(std::max(block * (accept ? 1.06 : 0.95), 1.0), static_cast<double>(weighers));
  }
  redraw_free(random);
}

bool PathChain::holds(CellLiteral lit) {
  if (!world_) world_ = std::make_unique<counterfactual::World>(plan_.world);
  world_->reset(values_.data());
  return world_->holds(lit);
}

}  // namespace emnesy::gibbs
