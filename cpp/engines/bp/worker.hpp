// All that is done for one example, by one thread.
#pragma once

#include <memory>
#include <vector>

#include "bp/decimate.hpp"
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
  bool consistent = false;  // Map and Sample: the world is a possible one
  Convergence<1> convergence;
};

// Real: what messages are made of. Source: what priors and posteriors are made of.
template <typename Real, typename Source>
class Worker {
 public:
  Worker(const Plan& plan, const FactorGraph& graph) : plan_(plan), graph_(graph), share_(plan), state_(share_.mine()), sink_(plan, graph) {
    if constexpr (!std::is_same_v<Real, Source>) {
      for (const std::int64_t size : plan.block_size) converted_.emplace_back(size);
    }
  }

  void start(const Options& options, Team* team) {
    options_ = options;
    share_.start(team);
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
    example_ = static_cast<std::uint64_t>(example);
    observe(state_, graph_);
    state_.start_totals();
    if (!prepare(state_, graph_) || !upward<Sum>(share_)) return false;
    const double log_tree = state_.log_total(0);
    if (beliefs && !emit_tree(example)) return false;
    state_.start_totals();
    outcome.convergence = {};
    outcome.consistent = true;
    if (!plan_.loopy.empty() && !run_loopy(answer.messages, beliefs, outcome)) return false;
    outcome.log_evidence = log_tree + state_.log_total(0);
    outcome.possible = true;
    if (beliefs) emit_rest();
    return true;
  }

 private:
  bool emit_tree(std::int64_t example) {
    if (options_.task == Task::Marginals) return downward(share_, sink_);
    if (options_.task == Task::Map) {
      if (!upward<Max>(share_) || !decode<Best<Real>>(share_, [](std::size_t) { return std::array<double, 2>{}; })) {
        return false;
      }
    } else {
      // Streams of their own: those below variable.size() belong to variables decided alone.
      const std::uint64_t first = plan_.variable.size();
      const auto uniform = [&](std::size_t f) {
        return uniform_pair(options_.seed, static_cast<std::uint64_t>(example), first + f);
      };
      if (!decode<Draw<Real>>(share_, uniform)) return false;
    }
    emit_own_variables(plan_.tree);
    for (const std::int32_t variable : plan_.inner) emit_value(variable);
    return true;
  }

  // The decoded values of what is in one factor only.
  void emit_own_variables(const std::vector<Factor>& factors) {
    for (const Factor& factor : factors) {
      const Table& table = state_.table(factor);
      for (std::int32_t k = 0; k < table.leaf_count; ++k) emit_value(plan_.leaf[factor.leaf_begin + k]);
      if (factor.slice_local) emit_value(factor.slice_variable);
    }
  }

  void emit_value(std::int32_t variable) { sink_.value(variable, state_.value[variable]); }

  bool run_loopy(const MessageView<Source>& rows, bool beliefs, Outcome& outcome) {
    Loopy<Real> loopy(share_, options_);
    Real* messages = state_.at(plan_.messages);
    if (rows.start == nullptr) {
      loopy.start_uniform();
    } else {
      for (std::int64_t i = 0; i < plan_.message_count; ++i) messages[i] = static_cast<Real>(rows.start[i]);
      loopy.start_from_stored();
    }
    if (!loopy.template iterate<Sum>(outcome.convergence) || !loopy.add_log_evidence()) return false;
    if (rows.end != nullptr) {
      for (std::int64_t i = 0; i < plan_.message_count; ++i) rows.end[i] = static_cast<Source>(messages[i]);
    }
    if (!beliefs) return true;
    if (options_.task == Task::Marginals) return loopy.template emit<Sum>(sink_);
    if (options_.task == Task::Sample) return decide<Draw<Real>>(loopy, outcome);
    Convergence<1> second;
    loopy.start_uniform();
    const bool trusted = loopy.template iterate<Max>(second);
    outcome.convergence.merge(second);
    return trusted && decide<Best<Real>>(loopy, outcome);
  }

  // One joint assignment, from the messages of the picker's operation.
  template <typename Picker>
  bool decide(Loopy<Real>& loopy, Outcome& outcome) {
    using Op = typename Picker::Op;
    outcome.consistent = Decimation<Real, Picker>(loopy, options_.seed, example_).run();
    if (outcome.consistent) {
      for (const std::int32_t variable : plan_.loopy_variable) emit_value(variable);
      emit_own_variables(plan_.loopy);
      return true;
    }
    // Perhaps the world that was looked for weighs too little for this type of number.
    if constexpr (!std::is_same_v<Real, Wide>) return false;
    // Every variable for itself.
    Convergence<1> again;
    loopy.start_uniform();
    return loopy.template iterate<Op>(again) && loopy.template emit<Op>(sink_);
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
  Share<Real> share_;
  State<Real>& state_;
  Sink<Real, Source> sink_;
  std::vector<std::vector<Real>> converted_;
  std::uint64_t example_ = 0;
};

}  // namespace EMNESY_ISA
}  // namespace emnesy::bp
