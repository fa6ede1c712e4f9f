// All that is done for one example, by one thread.
#pragma once

#include <memory>
#include <vector>

#include "bp/decode.hpp"
#include "bp/evidence.hpp"
#include "bp/loopy.hpp"
#include "bp/sink.hpp"
#include "bp/tree.hpp"

namespace emnesy::bp {
inline namespace EMNESY_ISA {

struct Outcome {
  double log_evidence = log_zero;
  bool possible = false;
  Convergence<1> convergence;
};

// Real: what messages are made of. Source: what priors and posteriors are made of.
template <typename Real, typename Source>
class Worker {
 public:
  Worker(const Plan& plan, const FactorGraph& graph) : plan_(plan), graph_(graph), state_(plan), sink_(plan, graph) {
    if constexpr (!std::is_same_v<Real, Source>) {
      for (const std::int64_t size : plan.block_size) converted_.emplace_back(size);
    }
  }

  void start(const Options& options) {
    options_ = options;
    sink_.decide_by(options.task, options.seed);
  }

  // False: this type of number cannot tell the answer.
  bool run(std::int64_t example, const Source* const* priors, const std::int32_t* labels, const Answer<Source>& answer,
           bool beliefs, Outcome& outcome) {
    for (std::size_t b = 0; b < plan_.block_size.size(); ++b) {
      if constexpr (std::is_same_v<Real, Source>) {
        state_.rows[1 + b] = priors[b];
      } else {
        for (std::int64_t i = 0; i < plan_.block_size[b]; ++i) converted_[b][i] = static_cast<Real>(priors[b][i]);
        state_.rows[1 + b] = converted_[b].data();
      }
    }
    state_.labels = labels;
    sink_.start(answer, example);
    observe(state_, graph_);
    state_.start_totals();
    if (!prepare(state_, graph_) || !upward<Sum>(state_)) return false;
    const double log_tree = state_.log_total(0);
    if (beliefs && !emit_tree(example)) return false;
    state_.start_totals();
    outcome.convergence = {};
    if (!plan_.loopy.empty() && !run_loopy(answer.messages, beliefs, outcome.convergence)) return false;
    outcome.log_evidence = log_tree + state_.log_total(0);
    outcome.possible = true;
    if (beliefs) emit_rest();
    return true;
  }

 private:
  bool emit_tree(std::int64_t example) {
    if (options_.task == Task::Marginals) return downward(state_, sink_);
    if (options_.task == Task::Map) {
      if (!upward<Max>(state_) || !decode<Best<Real>>(state_, [](std::size_t) { return std::array<double, 2>{}; })) {
        return false;
      }
    } else {
      // Streams of their own: those below variable.size() belong to variables decided alone.
      const std::uint64_t first = plan_.variable.size();
      const auto uniform = [&](std::size_t f) {
        return uniform_pair(options_.seed, static_cast<std::uint64_t>(example), first + f);
      };
      if (!decode<Draw<Real>>(state_, uniform)) return false;
    }
    for (const Factor& factor : plan_.tree) {
      const Table& table = state_.table(factor);
      for (std::int32_t k = 0; k < table.leaf_count; ++k) emit_value(plan_.leaf[factor.leaf_begin + k]);
      if (factor.slice_local) emit_value(factor.slice_variable);
    }
    for (const std::int32_t variable : plan_.inner) emit_value(variable);
    return true;
  }

  void emit_value(std::int32_t variable) { sink_.value(variable, state_.value[variable]); }

  bool run_loopy(const MessageView<Source>& rows, bool beliefs, Convergence<1>& convergence) {
    Loopy<Real> loopy(state_, options_);
    Real* messages = state_.at(plan_.messages);
    if (rows.start == nullptr) {
      loopy.start_uniform();
    } else {
      for (std::int64_t i = 0; i < plan_.message_count; ++i) messages[i] = static_cast<Real>(rows.start[i]);
      loopy.start_from_stored();
    }
    if (!loopy.template iterate<Sum>(convergence) || !loopy.add_log_evidence()) return false;
    if (rows.end != nullptr) {
      for (std::int64_t i = 0; i < plan_.message_count; ++i) rows.end[i] = static_cast<Source>(messages[i]);
    }
    if (!beliefs) return true;
    if (options_.task != Task::Map) return loopy.template emit<Sum>(sink_);
    Convergence<1> second;
    loopy.start_uniform();
    const bool trusted = loopy.template iterate<Max>(second) && loopy.template emit<Max>(sink_);
    convergence.merge(second);
    return trusted;
  }

  // Variables in no factor, and those that the program fixes.
  void emit_rest() {
    for (const std::int32_t variable : plan_.free) {
      const Variable& v = plan_.variable[variable];
      if (!v.wanted()) continue;
      const Real* own = state_.own(variable);
      Real* belief = state_.accumulator.data();
      Real total(0);
      for (std::int32_t k = 0; k < v.cardinality; ++k) total += own[k];
      const bool evidence = v.slot_end > v.slot_begin || v.allowed >= 0 || !v.choice();
      const Real scale = evidence && Trusted<Real>::holds(total) ? Real(1) / total : Real(1);
      for (std::int32_t k = 0; k < v.cardinality; ++k) belief[k] = own[k] * scale;
      sink_.belief(variable, belief);
    }
    for (const std::int32_t variable : plan_.pinned) sink_.value(variable, plan_.variable[variable].pinned);
  }

  const Plan& plan_;
  const FactorGraph& graph_;
  Options options_;
  State<Real> state_;
  Sink<Real, Source> sink_;
  std::vector<std::vector<Real>> converted_;
};

}  // namespace EMNESY_ISA
}  // namespace emnesy::bp
