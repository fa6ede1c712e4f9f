// All that is done for one bundle of examples, by one thread. Included by one translation unit an instruction set.
#pragma once

#include "bp/bundle_api.hpp"
#include "bp/evidence.hpp"
#include "bp/lanes.hpp"
#include "bp/loopy.hpp"
#include "bp/tree.hpp"

#if EMNESY_LANES

namespace emnesy::bp {
inline namespace EMNESY_ISA {

// Where a bundle's marginals go: over the priors, which every variable has no more use for once its own marginal is known. A
// buffer of their own would take as much memory again, and graphs of thousands of variables are as fast as memory is.
template <typename T, int L>
class LaneSink {
 public:
  using Real = Lanes<T, L>;

  // priors: of each block.
  LaneSink(const Plan& plan, const FactorGraph& graph, std::vector<Memory<Real>>& priors)
      : plan_(plan), graph_(graph), posterior_(priors), queries_(static_cast<std::int64_t>(graph.query_variable.size())) {}

  void want(std::size_t block, bool wanted) {
    wanted_.resize(posterior_.size());
    wanted_[block] = wanted;
  }
  void want_queries(bool wanted) { queries_wanted_ = wanted; }
  const Real* queries() const { return queries_.data(); }

  // As Sink's.
  void belief(std::int32_t variable, const Real* belief) {
    const Variable& v = plan_.variable[variable];
    if (v.choice() && wanted_[v.block]) {
      Real* row = posterior_[v.block].data() + v.offset;
      for (std::int32_t k = 0; k < v.alternatives(); ++k) row[std::int64_t{k} * v.stride] = probability(belief[k]);
    }
    if (!queries_wanted_) return;
    for (std::int32_t i = v.query_begin; i < v.query_end; ++i) {
      const std::int32_t q = plan_.query_of_variable[i];
      Real total(0.0);
      for (std::int64_t j = plan_.query_value_begin[q]; j < plan_.query_value_begin[q + 1]; ++j) {
        total += belief[plan_.query_value[j]];
      }
      queries_[q] = probability(total);
    }
  }

  void product(std::int32_t variable, const Real* own, Real* rest) {
    const Variable& v = plan_.variable[variable];
    if (v.plain_output) {
      if (!wanted_[v.block]) return;
      Real* row = v.window < 0 ? posterior_[v.block].data() + v.offset : const_cast<Real*>(own);
      for (std::int32_t k = 0; k < v.cardinality; ++k) row[k] = probability(own[k] * rest[k]);
    } else if (v.wanted()) {
      for (std::int32_t k = 0; k < v.cardinality; ++k) rest[k] *= own[k];
      belief(variable, rest);
    }
  }

  // A variable that the program fixes.
  void value(std::int32_t variable, std::int32_t value) {
    const Variable& v = plan_.variable[variable];
    if (v.choice() && wanted_[v.block]) {
      Real* row = posterior_[v.block].data() + v.offset;
      for (std::int32_t k = 0; k < v.alternatives(); ++k) row[std::int64_t{k} * v.stride] = Real(k == value ? 1.0 : 0.0);
    }
    for (std::int32_t i = v.query_begin; i < v.query_end; ++i) {
      const std::int32_t q = plan_.query_of_variable[i];
      queries_[q] = Real(graph_.query_mask[graph_.query_mask_begin[q] + value] ? 1.0 : 0.0);
    }
  }

 private:
  static Real probability(Real x) { return select(less(x, Real(1.0)), x, Real(1.0)); }

  const Plan& plan_;
  const FactorGraph& graph_;
  std::vector<Memory<Real>>& posterior_;
  std::vector<std::uint8_t> wanted_;
  Memory<Real> queries_;
  bool queries_wanted_ = false;
};

template <typename T, int L>
class Bundle final : public BundleWorker<T> {
 public:
  using Real = Lanes<T, L>;

  Bundle(const Plan& plan, const FactorGraph& graph)
      : plan_(plan),
        graph_(graph),
        share_(plan),
        state_(share_.mine()),
        sink_(plan, graph, prior_),
        labels_(static_cast<std::int64_t>(graph.slot_variable.size()) * L),
        broadcast_(plan.block_size.size(), 0) {
    std::int64_t longest = std::max(static_cast<std::int64_t>(graph.query_variable.size()), plan.message_count);
    for (std::size_t b = 0; b < plan.block_size.size(); ++b) {
      prior_.emplace_back(whole(b) ? plan.block_size[b] : 0);
      longest = std::max(longest, plan.block_size[b]);
    }
    for (std::size_t b = 0; b < prior_.size(); ++b) state_.rows[1 + b] = prior_[b].data();
    share_.panes().graph = &graph_;
    unused_.resize(longest);
    state_.labels = labels_.data();
  }

  void start(const Call<T>& call) override {
    std::fill(broadcast_.begin(), broadcast_.end(), std::uint8_t{0});
    for (std::size_t b = 0; b < prior_.size(); ++b) sink_.want(b, call.posteriors[b].data != nullptr);
    share_.start(call.team);
    sink_.want_queries(call.results.query_marginals != nullptr);
  }

  std::uint64_t run(const Call<T>& call, std::int64_t first, int count) override {
    read_priors(call, first, count);
    // Almost always a glance is enough; at priors that come in panes when these open.
    const bool glanced = call.check != nullptr && plain_priors(call);
    if (call.check != nullptr && !glanced && !call.check->look(first, count)) return 0;
    if (!plan_.pane.empty()) find_panes(call, first, count);
    share_.panes().judged = glanced;
    read_labels(call, first, count);
    state_.trusted = Number<Real>::all();
    state_.plain = Number<Real>::all();
    state_.start_totals();
    prepare(state_, graph_);
    upward<Sum>(share_);
    if (any(~state_.plain) && !call.check->look(first, count)) return 0;
    double log_evidence[L];
    for (int i = 0; i < L; ++i) log_evidence[i] = state_.log_total(i);
    if (call.beliefs) downward(share_, sink_);
    Convergence<L> convergence;
    if (!plan_.loopy.empty()) {
      state_.start_totals();
      Loopy<Real> loopy(share_, call.options);
      start_messages(call, first, count, loopy);
      loopy.template iterate<Sum>(convergence);
      if (call.messages.end != nullptr) {
        T* rows[L];
        find_rows(call.messages.end, call.messages.example_stride, first, count, rows);
        lanes_to_rows<T, L>(state_.at(plan_.messages), plan_.message_count, rows);
      }
      loopy.add_log_evidence();
      if (call.beliefs) loopy.template emit<Sum>(sink_);
      for (int i = 0; i < L; ++i) log_evidence[i] += state_.log_total(i);
    }
    if (call.beliefs) {
      emit_rest();
      write_beliefs(call, first, count);
    }
    return write_results(call, first, count, log_evidence, convergence);
  }

 private:
  // Is there a place for all of the block? Where panes hold everything, none is needed.
  bool whole(std::size_t b) const {
    bool found = plan_.pane.empty();
    for (const Span& span : plan_.unpaned_span) found = found || span.block == static_cast<std::int32_t>(b);
    return found;
  }

  // Lanes beyond count repeat the last example.
  static std::int64_t example(std::int64_t first, int count, int lane) { return first + std::min(lane, count - 1); }

  void read_priors(const Call<T>& call, std::int64_t first, int count) {
    for (std::size_t b = 0; b < prior_.size(); ++b) {
      const PriorBlock<T>& block = call.priors[b];
      if (block.example_stride == 0) {
        if (broadcast_[b] && call.posteriors[b].data == nullptr) continue;
        broadcast_[b] = 1;
        for (std::int64_t i = 0; i < prior_[b].size(); ++i) prior_[b][i] = Real(static_cast<double>(block.data[i]));
        continue;
      }
      const T* rows[L];
      for (int i = 0; i < L; ++i) rows[i] = block.data + example(first, count, i) * block.example_stride;
      if (plan_.pane.empty()) {
        rows_to_lanes<T, L>(rows, plan_.block_size[b], prior_[b].data());
        continue;
      }
      for (const Span& span : plan_.unpaned_span) {
        if (span.block != static_cast<std::int32_t>(b)) continue;
        const T* from[L];
        for (int i = 0; i < L; ++i) from[i] = rows[i] + span.begin;
        rows_to_lanes<T, L>(from, span.end - span.begin, prior_[b].data() + span.begin);
      }
    }
  }

  // Whether it is plain that the priors that are here are distributions: all but those that come in panes.
  bool plain_priors(const Call<T>& call) const {
    if (call.check->failed() || !plan_.judged_whole) return false;
    IntLanes<T, L> plain = Number<Real>::all();
    for (const Distributions& d : plan_.judged) plain = plain & plainly<T, L>(d, prior_[d.block].data());
    return !any(~plain);
  }

  void find_panes(const Call<T>& call, std::int64_t first, int count) {
    for (std::size_t b = 0; b < prior_.size(); ++b) {
      const PriorBlock<T>& in = call.priors[b];
      const PosteriorBlock<T>& out = call.posteriors[b];
      const auto at = static_cast<std::int64_t>(b) * L;
      for (int i = 0; i < L; ++i) share_.panes().in[at + i] = in.data + example(first, count, i) * in.example_stride;
      T* rows[L] = {};  // null: not wanted
      if (out.data != nullptr) find_rows(out.data, out.example_stride, first, count, rows);
      for (int i = 0; i < L; ++i) share_.panes().out[at + i] = rows[i];
    }
  }

  void read_labels(const Call<T>& call, std::int64_t first, int count) {
    const std::size_t slots = graph_.slot_variable.size();
    const std::int32_t* rows[L];
    for (int i = 0; i < L; ++i) rows[i] = call.evidence.labels + example(first, count, i) * call.evidence.example_stride;
    std::int32_t* out = labels_.data();
    for (std::size_t s = 0; s < slots; ++s, out += L) {
      const std::int32_t limit = graph_.slot_label_count[s];
      bool inside = true;
      for (int i = 0; i < L; ++i) {
        out[i] = rows[i][s];
        inside = inside && out[i] < limit;
      }
      if (!inside) {
        for (int i = 0; i < L; ++i) check_label(graph_, s, out[i]);
      }
    }
  }

  // Variables in no factor, and those that the program fixes.
  void emit_rest() {
    for (const std::int32_t variable : plan_.free) {
      const Variable& v = plan_.variable[variable];
      if (!v.wanted()) continue;
      const Real* own = state_.own(variable);
      Real* belief = state_.accumulator.data();
      Real total(0.0);
      for (std::int32_t k = 0; k < v.cardinality; ++k) total += own[k];
      const bool evidence = v.slot_end > v.slot_begin || v.allowed >= 0 || !v.choice();
      const Real scale = evidence ? Real(1.0) / total : Real(1.0);
      for (std::int32_t k = 0; k < v.cardinality; ++k) belief[k] = own[k] * scale;
      sink_.belief(variable, belief);
    }
    for (const std::int32_t variable : plan_.pinned) sink_.value(variable, plan_.variable[variable].pinned);
  }

  void write_beliefs(const Call<T>& call, std::int64_t first, int count) {
    for (std::size_t b = 0; b < prior_.size(); ++b) {
      const PosteriorBlock<T>& block = call.posteriors[b];
      if (block.data == nullptr) continue;
      if (plan_.pane.empty()) {
        write_rows(prior_[b].data(), plan_.block_size[b], block.data, block.example_stride, first, count);
        continue;
      }
      for (const Span& span : plan_.unpaned_span) {
        if (span.block != static_cast<std::int32_t>(b)) continue;
        write_rows(prior_[b].data() + span.begin, span.end - span.begin, block.data + span.begin, block.example_stride, first, count);
      }
    }
    const auto queries = static_cast<std::int64_t>(graph_.query_variable.size());
    if (call.results.query_marginals != nullptr && queries > 0) {
      write_rows(sink_.queries(), queries, call.results.query_marginals, queries, first, count);
    }
  }

  void start_messages(const Call<T>& call, std::int64_t first, int count, Loopy<Real>& loopy) {
    if (call.messages.start == nullptr) return loopy.start_uniform();
    const T* rows[L];
    for (int i = 0; i < L; ++i) rows[i] = call.messages.start + example(first, count, i) * call.messages.example_stride;
    rows_to_lanes<T, L>(rows, plan_.message_count, state_.at(plan_.messages));
    loopy.start_from_stored();
  }

  // Lanes without an example write where nobody looks.
  void find_rows(T* data, std::int64_t stride, std::int64_t first, int count, T** rows) {
    for (int i = 0; i < L; ++i) rows[i] = i < count ? data + (first + i) * stride : unused_.data();
  }

  void write_rows(const Real* in, std::int64_t size, T* data, std::int64_t stride, std::int64_t first, int count) {
    T* rows[L];
    find_rows(data, stride, first, count, rows);
    lanes_to_rows<T, L>(in, size, rows);
  }

  std::uint64_t write_results(const Call<T>& call, std::int64_t first, int count, const double* log_evidence,
                              const Convergence<L>& convergence) {
    std::uint64_t done = 0;
    const ExampleResults<T>& results = call.results;
    for (int i = 0; i < count; ++i) {
      if (!Number<Real>::lane(state_.trusted, i) || !std::isfinite(log_evidence[i])) continue;
      done |= std::uint64_t{1} << i;
      const std::int64_t e = first + i;
      if (results.log_evidence) results.log_evidence[e] = static_cast<T>(log_evidence[i]);
      if (results.possible) results.possible[e] = 1;
      if (results.iterations) results.iterations[e] = convergence.iterations[i];
      if (results.residual) results.residual[e] = static_cast<T>(convergence.residual[i]);
      if (results.converged) results.converged[e] = convergence.converged[i];
    }
    return done;
  }

  const Plan& plan_;
  const FactorGraph& graph_;
  Share<Real> share_;
  State<Real>& state_;
  LaneSink<T, L> sink_;
  Memory<std::int32_t> labels_;
  std::vector<Memory<Real>> prior_;
  std::vector<std::uint8_t> broadcast_;
  std::vector<T> unused_;  // rows of lanes that hold no example
};

}  // namespace EMNESY_ISA
}  // namespace emnesy::bp

#endif
