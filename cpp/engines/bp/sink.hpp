// Where one example's answers go.
#pragma once

#include <algorithm>

#include "bp/state.hpp"
#include "emnesy/engine.hpp"
#include "random.hpp"

namespace emnesy::bp {
inline namespace EMNESY_ISA {

template <typename Source>
struct Answer {
  std::vector<Source*> posterior;  // per block: the example's row; null: not wanted
  Source* queries = nullptr;       // the example's row; null: not wanted
  MessageView<Source> messages;    // the example's rows
};

// The greatest belief, the first of equals; or one drawn with the beliefs as probabilities.
template <typename Real>
std::int32_t decide(Task task, const Real* belief, std::int32_t count, double uniform) {
  if (task == Task::Map) return static_cast<std::int32_t>(std::max_element(belief, belief + count) - belief);
  Real total(0), running(0);
  for (std::int32_t v = 0; v < count; ++v) total += belief[v];
  const Real limit = static_cast<Real>(uniform) * total;
  std::int32_t last = 0;
  for (std::int32_t v = 0; v < count; ++v) {
    if (!(belief[v] > Real(0))) continue;
    last = v;
    running += belief[v];
    if (limit < running) break;
  }
  return last;
}

template <typename Real, typename Source>
class Sink {
 public:
  Sink(const Plan& plan, const FactorGraph& graph) : plan_(plan), graph_(graph) {}

  void decide_by(Task task, std::uint64_t seed) {
    task_ = task;
    seed_ = seed;
  }

  void start(const Answer<Source>& answer, std::int64_t example) {
    answer_ = &answer;
    example_ = example;
  }

  // A variable's marginal probabilities, summing to one. Map and Sample (variables without
  // a factor): decided for this variable alone.
  void belief(std::int32_t variable, const Real* belief) {
    const Variable& v = plan_.variable[variable];
    if (task_ != Task::Marginals) {
      const double uniform =
          task_ == Task::Sample ? uniform_pair(seed_, example_, static_cast<std::uint64_t>(variable))[0] : 0.0;
      return value(variable, decide(task_, belief, v.cardinality, uniform));
    }
    if (v.choice()) {
      if (Source* row = answer_->posterior[v.block]) {
        for (std::int32_t k = 0; k < v.alternatives(); ++k) {
          row[v.offset + std::int64_t{k} * v.stride] = probability(belief[k]);
        }
      }
    }
    if (answer_->queries == nullptr) return;
    for (std::int32_t i = v.query_begin; i < v.query_end; ++i) {
      const std::int32_t q = plan_.query_of_variable[i];
      Real total(0);
      for (std::int64_t j = plan_.query_value_begin[q]; j < plan_.query_value_begin[q + 1]; ++j) {
        total += belief[plan_.query_value[j]];
      }
      answer_->queries[q] = probability(total);
    }
  }

  // The same where the belief is own[k] * rest[k]; rest is overwritten where that is not written at once.
  void product(std::int32_t variable, const Real* own, Real* rest) {
    const Variable& v = plan_.variable[variable];
    if (v.plain_output && task_ == Task::Marginals) {
      Source* row = answer_->posterior[v.block];
      if (row == nullptr) return;
      row += v.offset;
      for (std::int32_t k = 0; k < v.cardinality; ++k) row[k] = probability(own[k] * rest[k]);
    } else if (v.wanted()) {
      for (std::int32_t k = 0; k < v.cardinality; ++k) rest[k] *= own[k];
      belief(variable, rest);
    }
  }

  // A variable's value in a decoded or sampled world.
  void value(std::int32_t variable, std::int32_t value) {
    const Variable& v = plan_.variable[variable];
    if (v.choice()) {
      if (Source* row = answer_->posterior[v.block]) {
        for (std::int32_t k = 0; k < v.alternatives(); ++k) {
          row[v.offset + std::int64_t{k} * v.stride] = static_cast<Source>(k == value ? 1 : 0);
        }
      }
    }
    if (answer_->queries == nullptr) return;
    for (std::int32_t i = v.query_begin; i < v.query_end; ++i) {
      const std::int32_t q = plan_.query_of_variable[i];
      answer_->queries[q] = static_cast<Source>(graph_.query_mask[graph_.query_mask_begin[q] + value] ? 1 : 0);
    }
  }

 private:
  // Rounding may leave a probability an ulp above one.
  static Source probability(Real x) { return std::min(static_cast<Source>(x), Source(1)); }

  const Plan& plan_;
  const FactorGraph& graph_;
  Task task_ = Task::Marginals;
  std::uint64_t seed_ = 0;
  const Answer<Source>* answer_ = nullptr;
  std::uint64_t example_ = 0;
};

}  // namespace EMNESY_ISA
}  // namespace emnesy::bp
