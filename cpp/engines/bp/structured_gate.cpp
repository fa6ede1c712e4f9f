#include "bp/structured_gate.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "graph/append.hpp"
#include "random.hpp"

namespace emnesy::bp {
namespace {

// Examples at a time whose rows are copied together.
constexpr std::int64_t chunk_size = 1024;
// Above this probability of the gate the difference 1 - p is made in double.
constexpr double small_probability = 0.25;
// What 1 - p is at least where p is approximate.
constexpr double least_remainder = 1e-6;

// Some examples of a call, copied together, and their answers.
template <typename Real>
struct Rows {
  std::vector<std::vector<Real>> prior, posterior;
  std::vector<std::int32_t> labels;
  std::vector<Real> log_evidence, residual, query;
  std::vector<std::uint8_t> possible, converged, consistent;
  std::vector<std::int32_t> iterations;
};

template <typename Real, typename Source>
Rows<Real> answer(const BeliefPropagation& engine, const std::vector<PriorBlock<Source>>& priors, const EvidenceView& evidence,
                  const Options& options, const std::vector<std::int64_t>& examples, bool beliefs,
                  const MessageView<Source>& messages = {}) {
  const std::size_t slots = engine.graph().slot_variable.size(), queries = engine.graph().query_variable.size();
  const auto count = static_cast<std::int64_t>(examples.size());
  Rows<Real> rows;
  std::vector<PriorBlock<Real>> in;
  std::vector<PosteriorBlock<Real>> out;
  rows.posterior.resize(priors.size());
  for (std::size_t b = 0; b < priors.size(); ++b) {
    const std::int64_t size = engine.layout().block_size[b];
    rows.prior.emplace_back();
    const std::int64_t stride = priors[b].example_stride;
    for (std::int64_t i = 0; i < (stride == 0 ? std::min<std::int64_t>(count, 1) : count); ++i) {
      const Source* row = priors[b].data + examples[i] * stride;
      for (std::int64_t k = 0; k < size; ++k) rows.prior[b].push_back(static_cast<Real>(row[k]));
    }
    in.push_back({rows.prior[b].data(), stride == 0 ? 0 : size});
    if (beliefs) rows.posterior[b].resize(static_cast<std::size_t>(size * count));
    out.push_back({beliefs ? rows.posterior[b].data() : nullptr, size});
  }
  for (const std::int64_t example : examples) {
    if (evidence.labels == nullptr) break;
    const std::int32_t* labels = evidence.labels + example * evidence.example_stride;
    rows.labels.insert(rows.labels.end(), labels, labels + slots);
  }
  rows.log_evidence.resize(count);
  rows.residual.resize(count);
  rows.possible.resize(count);
  rows.converged.resize(count);
  rows.consistent.resize(count);
  rows.iterations.resize(count);
  rows.query.resize(beliefs ? count * queries : 0);
  ExampleResults<Real> results;
  results.log_evidence = rows.log_evidence.data();
  results.residual = rows.residual.data();
  results.possible = rows.possible.data();
  results.converged = rows.converged.data();
  results.consistent = rows.consistent.data();
  results.iterations = rows.iterations.data();
  results.query_marginals = beliefs && queries > 0 ? rows.query.data() : nullptr;
  const std::int64_t length = engine.message_count();
  std::vector<Real> start, end;
  for (const std::int64_t example : examples) {
    if (messages.start == nullptr) break;
    const Source* row = messages.start + example * messages.example_stride;
    start.insert(start.end(), row, row + length);
  }
  if (messages.end != nullptr) end.resize(static_cast<std::size_t>(count * length));
  const Real* from = start.empty() ? nullptr : start.data();
  Real* to = end.empty() ? nullptr : end.data();
  engine.run<Real>(in, count, {evidence.labels == nullptr ? nullptr : rows.labels.data(), static_cast<std::int64_t>(slots)},
                   options, out, results, {from, to});
  for (std::int64_t i = 0; i < count && to != nullptr; ++i) {
    std::copy_n(to + i * length, length, messages.end + examples[i] * messages.example_stride);
  }
  return rows;
}

// Where one example's answers go.
template <typename Real>
class Writer {
 public:
  Writer(const std::vector<PriorBlock<Real>>& priors, const std::vector<PosteriorBlock<Real>>& posteriors,
         const ExampleResults<Real>& results, const PriorLayout& layout, std::size_t queries)
      : priors_(priors), posteriors_(posteriors), results_(results), layout_(layout), queries_(queries) {}

  Real* posterior(std::size_t block, std::int64_t example) const {
    return posteriors_[block].data == nullptr ? nullptr : posteriors_[block].data + example * posteriors_[block].example_stride;
  }
  Real* query(std::int64_t example) const {
    return results_.query_marginals == nullptr ? nullptr
                                               : results_.query_marginals + example * static_cast<std::int64_t>(queries_);
  }

  template <typename From>
  void copy(const Rows<From>& rows, std::int64_t i, std::int64_t example) const {
    for (std::size_t b = 0; b < priors_.size(); ++b) {
      const std::int64_t size = layout_.block_size[b];
      if (Real* row = posterior(b, example)) {
        for (std::int64_t k = 0; k < size; ++k) row[k] = static_cast<Real>(rows.posterior[b][i * size + k]);
      }
    }
    if (Real* row = query(example)) {
      for (std::size_t q = 0; q < queries_; ++q) row[q] = static_cast<Real>(rows.query[i * queries_ + q]);
    }
    summary(example, static_cast<double>(rows.log_evidence[i]), rows.possible[i] != 0);
    progress(example, rows.iterations[i], static_cast<double>(rows.residual[i]), rows.converged[i] != 0);
    if (results_.consistent) results_.consistent[example] = rows.consistent[i];
  }

  void summary(std::int64_t example, double log_evidence, bool possible) const {
    if (results_.log_evidence) results_.log_evidence[example] = static_cast<Real>(possible ? log_evidence : log_zero);
    if (results_.possible) results_.possible[example] = possible;
  }
  void progress(std::int64_t example, std::int32_t iterations, double residual, bool converged) const {
    if (results_.iterations) results_.iterations[example] = iterations;
    if (results_.residual) results_.residual[example] = static_cast<Real>(residual);
    if (results_.converged) results_.converged[example] = converged;
  }

  void impossible(std::int64_t example) const {
    for (std::size_t b = 0; b < priors_.size(); ++b) {
      if (Real* row = posterior(b, example)) {
        std::copy_n(priors_[b].data + example * priors_[b].example_stride, layout_.block_size[b], row);
      }
    }
    if (Real* row = query(example)) std::fill_n(row, queries_, Real(0));
    summary(example, log_zero, false);
  }

 private:
  const std::vector<PriorBlock<Real>>& priors_;
  const std::vector<PosteriorBlock<Real>>& posteriors_;
  const ExampleResults<Real>& results_;
  const PriorLayout& layout_;
  std::size_t queries_;
};

// p(with the gate) / p(without it), and the logarithm of it.
template <typename Real>
double log_ratio(const Rows<Real>& open, const Rows<Real>& shut, std::size_t i) {
  if (!open.possible[i]) return log_zero;
  return static_cast<double>(open.log_evidence[i]) - static_cast<double>(shut.log_evidence[i]);
}

// The first of the greatest, or the one where the running sum passes the random number.
std::int32_t decide(Task task, const std::vector<double>& weights, double uniform) {
  if (task == Task::Map) return static_cast<std::int32_t>(std::max_element(weights.begin(), weights.end()) - weights.begin());
  double running = 0;
  std::int32_t last = 0;
  for (std::size_t v = 0; v < weights.size(); ++v) {
    if (!(weights[v] > 0)) continue;
    last = static_cast<std::int32_t>(v);
    running += weights[v];
    if (uniform < running) break;
  }
  return last;
}

// One example's answer to "the gate is shut".
template <typename Real>
class Negation {
 public:
  Negation(const FactorGraph& graph, const PriorLayout& layout, const Options& options, bool exact)
      : graph_(graph), layout_(layout), options_(options), exact_(exact) {}

  template <typename From>
  void write(const Rows<From>& open, const Rows<From>& shut, std::size_t i, std::int64_t example, const Writer<Real>& to) const {
    to.progress(example, std::max(open.iterations[i], shut.iterations[i]),
                std::max<double>(static_cast<double>(open.residual[i]), static_cast<double>(shut.residual[i])),
                open.converged[i] && shut.converged[i]);
    const double ratio = log_ratio(open, shut, i);
    double remainder = -std::expm1(ratio);
    if (!shut.possible[i]) return to.impossible(example);
    if (exact_) {
      // Priors add up to one as well as their type can tell.
      const double rounding = std::is_same_v<Real, float> ? 1e-6 : 1e-13;
      const double noise = rounding * std::max(1.0, std::fabs(static_cast<double>(shut.log_evidence[i])));
      if (!(remainder > noise)) return to.impossible(example);
    } else {
      remainder = std::max(remainder, least_remainder);
    }
    const double p = 1 - remainder;
    const auto mixed = [&](From without, From with) {
      return std::max(0.0, static_cast<double>(without) - p * static_cast<double>(with));
    };
    std::vector<double> weights;
    std::vector<std::int32_t> value(graph_.choice_count, -1);
    for (std::size_t b = 0; b < layout_.block_size.size(); ++b) {  // what no choice uses
      const std::int64_t size = layout_.block_size[b];
      if (Real* row = to.posterior(b, example)) {
        for (std::int64_t k = 0; k < size; ++k) row[k] = static_cast<Real>(shut.posterior[b][i * size + k]);
      }
    }
    for (std::int32_t c = 0; c < graph_.choice_count; ++c) {
      const std::int32_t block = layout_.block[c];
      const std::int64_t base = static_cast<std::int64_t>(i) * layout_.block_size[block] + layout_.offset[c];
      const bool none = graph_.choice_has_none[c] != 0;
      const std::int32_t alternatives = graph_.cardinality[c] - (none ? 1 : 0);
      const auto at = [&](const Rows<From>& rows, std::int32_t k) {
        return rows.posterior[block][base + std::int64_t{k} * layout_.stride[c]];
      };
      weights.clear();
      double total = 0;
      From none_open = From(1), none_shut = From(1);
      for (std::int32_t k = 0; k < alternatives; ++k) {
        weights.push_back(mixed(at(shut, k), at(open, k)));
        none_open -= at(open, k);
        none_shut -= at(shut, k);
      }
      if (none) weights.push_back(mixed(std::max(none_shut, From(0)), std::max(none_open, From(0))));
      for (const double weight : weights) total += weight;
      if (!(total > 0)) continue;  // the difference drowned in errors: what stands there is the answer without the gate
      for (double& weight : weights) weight /= total;
      if (options_.task != Task::Marginals) {
        const double uniform = options_.task == Task::Sample ? number(example, c) : 0.0;
        value[c] = decide(options_.task, weights, uniform);
        for (std::int32_t k = 0; k < static_cast<std::int32_t>(weights.size()); ++k) weights[k] = k == value[c] ? 1 : 0;
      }
      if (Real* row = to.posterior(block, example)) {
        for (std::int32_t k = 0; k < alternatives; ++k) {
          row[layout_.offset[c] + std::int64_t{k} * layout_.stride[c]] = static_cast<Real>(weights[k]);
        }
      }
    }
    if (Real* row = to.query(example)) {
      const std::size_t queries = graph_.query_variable.size();
      for (std::size_t q = 0; q < queries; ++q) {
        const std::int32_t variable = graph_.query_variable[q];
        const std::uint8_t* mask = graph_.query_mask.data() + graph_.query_mask_begin[q];
        const double holds = std::min(1.0, mixed(shut.query[i * queries + q], open.query[i * queries + q]) / remainder);
        if (variable == graph_.gate_variable) {
          row[q] = Real(mask[0]);
        } else if (options_.task == Task::Marginals) {
          row[q] = static_cast<Real>(holds);
        } else if (variable < graph_.choice_count && value[variable] >= 0) {
          row[q] = Real(mask[value[variable]]);
        } else {
          const double uniform = options_.task == Task::Sample ? number(example, variable) : 0.5;
          row[q] = Real(uniform < holds ? 1 : 0);
        }
      }
    }
    to.summary(example, static_cast<double>(shut.log_evidence[i]) + std::log(remainder), true);
  }

 private:
  double number(std::int64_t example, std::int32_t variable) const {
    return uniform_pair(options_.seed, static_cast<std::uint64_t>(example), static_cast<std::uint64_t>(variable))[0];
  }

  const FactorGraph& graph_;
  const PriorLayout& layout_;
  const Options& options_;
  bool exact_;
};

}  // namespace

FactorGraph without_gate(const FactorGraph& graph, bool open) {
  FactorGraph result = without_factors(graph);
  const std::int32_t gate = graph.gate_variable;
  result.gate_variable = -1;
  result.fixed_variable.push_back(gate);
  result.fixed_mask_begin.push_back(static_cast<std::int64_t>(result.fixed_mask.size()));
  result.fixed_mask.insert(result.fixed_mask.end(), {0, 1});
  for (std::size_t s = 0; s < graph.slot_variable.size(); ++s) {
    if (graph.slot_variable[s] != gate) continue;
    std::fill_n(result.slot_mask.begin() + graph.slot_mask_begin[s], 2 * graph.slot_label_count[s], std::uint8_t{1});
  }
  std::vector<std::int32_t> same(graph.variable_count());
  std::iota(same.begin(), same.end(), 0);
  for (std::size_t f = 0; f < graph.factor_count(); ++f) {
    if (open || !graph.is_gated(f)) append_factor(graph, f, same, result);
  }
  result.gated.clear();
  return result;
}

Gate::Gate(const FactorGraph& graph, const PriorLayout& layout, std::int64_t cluster)
    : open_(std::make_unique<const BeliefPropagation>(without_gate(graph, true), layout, cluster)),
      shut_(std::make_unique<const BeliefPropagation>(without_gate(graph, false), layout, cluster)),
      graph_(graph) {
  for (std::size_t s = 0; s < graph.slot_variable.size(); ++s) {
    if (graph.slot_variable[s] == graph.gate_variable) slots_.push_back(static_cast<std::int32_t>(s));
  }
  for (std::size_t q = 0; q < graph.query_variable.size(); ++q) {
    if (graph.query_variable[q] == graph.gate_variable) queries_.push_back(static_cast<std::int32_t>(q));
  }
}

Gate::State Gate::state_of(const std::int32_t* labels) const {
  bool may_open = true, may_shut = true;
  for (const std::int32_t s : slots_) {
    if (labels[s] < 0) continue;
    if (labels[s] >= graph_.slot_label_count[s]) {
      throw std::out_of_range("label " + std::to_string(labels[s]) + " of evidence slot " + std::to_string(s) +
                              ", which has " + std::to_string(graph_.slot_label_count[s]));
    }
    const std::uint8_t* mask = graph_.slot_mask.data() + graph_.slot_mask_begin[s] + 2 * std::int64_t{labels[s]};
    may_shut = may_shut && mask[0];
    may_open = may_open && mask[1];
  }
  return may_open ? (may_shut ? State::Unknown : State::Open) : (may_shut ? State::Shut : State::Neither);
}

template <typename Real>
void Gate::run(const std::vector<PriorBlock<Real>>& priors, std::int64_t batch, const EvidenceView& evidence,
               const Options& options, const std::vector<PosteriorBlock<Real>>& posteriors,
               const ExampleResults<Real>& results, const MessageView<Real>& messages) const {
  MessageView<Real> of_open = messages, of_shut = messages;
  if (messages.start != nullptr) of_shut.start += open_->message_count();
  if (messages.end != nullptr) {
    of_shut.end += open_->message_count();
    for (std::int64_t example = 0; example < batch; ++example) {  // an example may need one of the two graphs alone
      Real* row = messages.end + example * messages.example_stride;
      uniform_messages(row);
      if (messages.start != nullptr) std::copy_n(messages.start + example * messages.example_stride, message_count(), row);
    }
  }
  if (results.consistent) std::fill_n(results.consistent, batch, std::uint8_t{0});  // decided choice by choice: who knows
  std::vector<State> states;
  for (std::int64_t example = 0; example < batch; ++example) {
    states.push_back(slots_.empty() ? State::Unknown : state_of(evidence.labels + example * evidence.example_stride));
  }
  const bool asks = results.query_marginals != nullptr && !queries_.empty();
  const auto all = [&](State state) { return std::all_of(states.begin(), states.end(), [&](State s) { return s == state; }); };
  if (all(State::Open)) return open_->run<Real>(priors, batch, evidence, options, posteriors, results, of_open);
  if (!asks && all(State::Unknown)) return shut_->run<Real>(priors, batch, evidence, options, posteriors, results, of_shut);

  const Writer<Real> writer(priors, posteriors, results, open_->layout(), graph_.query_variable.size());
  const Negation<Real> negation(graph_, open_->layout(), options, exact());
  Options marginals = options;
  marginals.task = Task::Marginals;
  // Decoded and sampled worlds depend on the example's number: then all examples go through each run.
  const bool numbered = options.task != Task::Marginals;
  const std::int64_t step = numbered ? std::max<std::int64_t>(batch, 1) : chunk_size;
  for (std::int64_t begin = 0; begin < batch; begin += step) {
    std::vector<std::int64_t> open, unknown, shut;
    for (std::int64_t example = begin; example < std::min(begin + step, batch); ++example) {
      const State state = states[example];
      if (state == State::Open || numbered) open.push_back(example);
      if (state == State::Unknown || numbered) unknown.push_back(example);
      if (state == State::Shut) shut.push_back(example);
      if (state == State::Neither) writer.impossible(example);
      if (state == State::Neither) writer.progress(example, 0, 0, true);
    }
    const auto with = answer<Real>(*open_, priors, evidence, options, open, true, of_open);
    for (std::size_t i = 0; i < open.size(); ++i) {
      if (states[open[i]] == State::Open) writer.copy(with, static_cast<std::int64_t>(i), open[i]);
    }
    const auto without = answer<Real>(*shut_, priors, evidence, options, unknown, true, of_shut);
    Rows<Real> asked;
    if (asks) asked = answer<Real>(*open_, priors, evidence, marginals, unknown, false);
    for (std::size_t i = 0; i < unknown.size(); ++i) {
      if (states[unknown[i]] != State::Unknown) continue;
      writer.copy(without, static_cast<std::int64_t>(i), unknown[i]);
      if (!asks || !without.possible[i]) continue;
      const double p = std::min(1.0, std::exp(log_ratio(asked, without, i)));
      for (const std::int32_t q : queries_) {
        const std::uint8_t* mask = graph_.query_mask.data() + graph_.query_mask_begin[q];
        double holds = (mask[1] ? p : 0.0) + (mask[0] ? 1 - p : 0.0);
        if (options.task == Task::Map) holds = holds > 0.5 ? 1 : 0;
        if (options.task == Task::Sample) {
          const auto example = static_cast<std::uint64_t>(unknown[i]), variable = static_cast<std::uint64_t>(graph_.gate_variable);
          const bool is_open = uniform_pair(options.seed, example, variable)[0] < p;
          holds = mask[is_open ? 1 : 0] ? 1 : 0;
        }
        writer.query(unknown[i])[q] = static_cast<Real>(holds);
      }
    }
    const auto from_open = answer<Real>(*open_, priors, evidence, marginals, shut, true, of_open);
    const auto from_shut = answer<Real>(*shut_, priors, evidence, marginals, shut, true, of_shut);
    std::vector<std::int64_t> likely;
    for (std::size_t i = 0; i < shut.size(); ++i) {
      if (!std::is_same_v<Real, double> && from_open.possible[i] && log_ratio(from_open, from_shut, i) > std::log(small_probability)) {
        likely.push_back(shut[i]);
      } else {
        negation.write(from_open, from_shut, i, shut[i], writer);
      }
    }
    if (likely.empty()) continue;
    const auto precise_open = answer<double>(*open_, priors, evidence, marginals, likely, true);
    const auto precise_shut = answer<double>(*shut_, priors, evidence, marginals, likely, true);
    for (std::size_t i = 0; i < likely.size(); ++i) negation.write(precise_open, precise_shut, i, likely[i], writer);
  }
}

template void Gate::run<float>(const std::vector<PriorBlock<float>>&, std::int64_t, const EvidenceView&, const Options&,
                               const std::vector<PosteriorBlock<float>>&, const ExampleResults<float>&, const MessageView<float>&) const;
template void Gate::run<double>(const std::vector<PriorBlock<double>>&, std::int64_t, const EvidenceView&, const Options&,
                                const std::vector<PosteriorBlock<double>>&, const ExampleResults<double>&, const MessageView<double>&) const;

}  // namespace emnesy::bp
