#include "abc.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "abc/worker.hpp"
#include "random.hpp"
#include "thread_pool.hpp"

namespace emnesy {
namespace {

using namespace abc;

constexpr std::uint64_t merging = 0xD1B54A32D192ED03u;  // another key than those of the draws and choices
constexpr std::int64_t piece_blocks = 64;               // of an example's blocks; fixed, so that sums do not depend on threads

template <typename Real>
class Call {
 public:
  Call(const Abc& engine, const Plan& plan, const std::vector<PriorBlock<Real>>& priors, std::int64_t batch,
       const EvidenceView& evidence, const AbcOptions& options, const std::vector<PosteriorBlock<Real>>& posteriors,
       const AbcResults<Real>& results)
      : engine_(engine), s_(engine.simulator()), plan_(plan), grouping_(plan.grouping(options.locality)), priors_(priors),
        batch_(batch), evidence_(evidence), options_(options), posteriors_(posteriors), results_(results),
        threads_(std::max(options.threads, 1)), workers_(threads_), said_(results.said == nullptr ? 0 : batch) {
    const std::int64_t width = 64 * simulator::Lanes::words_for(s_);
    blocks_ = (options.samples + width - 1) / width;
    pieces_ = (blocks_ + piece_blocks - 1) / piece_blocks;
  }

  void run() {
    // Few examples: their pieces are shared among the threads instead.
    if (batch_ < threads_ && pieces_ > 1) {
      for (std::int64_t example = 0; example < batch_; ++example) answer(example, 0, true);
    } else {
      parallel_for(batch_, threads_ == 1 ? batch_ : 1, threads_, [&](std::int64_t begin, std::int64_t end, int worker) {
        for (std::int64_t example = begin; example < end; ++example) answer(example, worker, false);
      });
    }
    for (auto& list : said_) results_.said->insert(results_.said->end(), list.begin(), list.end());
  }

 private:
  // One thread's state, made when it is first needed.
  struct Mine {
    Mine(const Simulator& s, const Plan& plan, const Grouping& grouping, const AbcOptions& options)
        : worker(s, plan, grouping, options), tally(s, plan, grouping), piece(s, plan, grouping) {}
    Worker worker;
    Tally tally, piece;
    std::vector<double> distance;
    std::vector<std::int32_t> value;
    std::vector<std::uint8_t> query;
    std::int64_t prepared = -1;  // the example that the worker is ready for
  };

  std::vector<const Real*> rows(std::int64_t example) const {
    std::vector<const Real*> rows;
    for (const auto& block : priors_) rows.push_back(block.data + example * block.example_stride);
    return rows;
  }

  Mine& prepare(int worker, std::int64_t example) {
    if (!workers_[worker]) workers_[worker] = std::make_unique<Mine>(s_, plan_, grouping_, options_);
    Mine& mine = *workers_[worker];
    if (mine.prepared == example) return mine;
    mine.prepared = example;
    set_thresholds(s_, plan_, engine_.layout(), rows(example), mine.worker.thresholds());
    mine.worker.observe(evidence_.labels == nullptr ? nullptr : evidence_.labels + example * evidence_.example_stride);
    if (options_.task == Task::Map) mine.worker.set_scores(scores(example));
    return mine;
  }

  // Log-probabilities of all values; of impossible ones the least double there is.
  std::vector<double> scores(std::int64_t example) const {
    std::vector<double> out(static_cast<std::size_t>(plan_.value_begin.back()));
    const auto row = rows(example);
    const PriorLayout& layout = engine_.layout();
    const auto log_of = [](double p) { return p > 0 ? std::log(p) : std::numeric_limits<double>::lowest() / 1e6; };
    for (std::size_t c = 0; c < s_.choice_count(); ++c) {
      double left = 1;
      double* const own = out.data() + plan_.value_begin[c];
      for (std::int32_t k = 0; k < s_.choice_alternatives[c]; ++k) {
        const double p = static_cast<double>(row[layout.block[c]][layout.offset[c] + std::int64_t{k} * layout.stride[c]]);
        left -= p;
        own[k] = log_of(p);
      }
      if (s_.choice_has_none[c]) own[s_.choice_alternatives[c]] = log_of(left);
    }
    return out;
  }

  void answer(std::int64_t example, int worker, bool share) {
    Mine& mine = prepare(worker, example);
    copy_prior(example);
    if (contradicted(example)) return write_impossible(example);
    if (options_.kernel == AbcOptions::Kernel::Nearest) measure(example, mine, share);
    mine.tally.clear();
    if (pieces_ == 1) {
      mine.worker.run(static_cast<std::uint64_t>(example), 0, blocks_, mine.tally);
    } else if (!share) {
      for (std::int64_t p = 0; p < pieces_; ++p) {
        run_piece(example, p, mine);
        merge(example, p, mine.piece, mine.tally);
      }
    } else {
      run_shared(example, mine);
    }
    write(example, mine);
  }

  void run_piece(std::int64_t example, std::int64_t piece, Mine& mine) {
    mine.piece.clear();
    mine.worker.run(static_cast<std::uint64_t>(example), piece * piece_blocks, std::min(blocks_, (piece + 1) * piece_blocks),
                    mine.piece);
  }

  void merge(std::int64_t example, std::int64_t piece, Tally& from, Tally& to) const {
    std::vector<double> uniform(grouping_.group.size());
    for (std::size_t g = 0; g < uniform.size(); ++g) {
      uniform[g] = uniform_pair(options_.seed ^ merging, static_cast<std::uint64_t>(example),
                                static_cast<std::uint64_t>(piece) * uniform.size() + g)[0];
    }
    to.merge(from, options_.rate, options_.task, uniform);
  }

  // Rounds of as many pieces as there are threads; what they found is merged in order.
  void run_shared(std::int64_t example, Mine& first) {
    std::vector<std::unique_ptr<Tally>> found(static_cast<std::size_t>(threads_));
    for (std::int64_t begin = 0; begin < pieces_; begin += threads_) {
      const std::int64_t count = std::min<std::int64_t>(threads_, pieces_ - begin);
      parallel_for(count, 1, threads_, [&](std::int64_t from, std::int64_t to, int worker) {
        for (std::int64_t p = from; p < to; ++p) {
          Mine& mine = prepare(worker, example);
          mine.worker.set_near(first.distance.data(), near_);
          run_piece(example, begin + p, mine);
          if (!found[p]) found[p] = std::make_unique<Tally>(s_, plan_, grouping_);
          std::swap(found[p]->group, mine.piece.group);
          std::swap(found[p]->weight, mine.piece.weight);
          std::swap(found[p]->drawn, mine.piece.drawn);
          std::swap(found[p]->query, mine.piece.query);
          std::swap(found[p]->said, mine.piece.said);
        }
      });
      for (std::int64_t p = 0; p < count; ++p) merge(example, begin + p, *found[p], first.tally);
    }
  }

  // Nearest: all distances, and how near the nearest share is.
  void measure(std::int64_t example, Mine& mine, bool share) {
    const std::size_t groups = grouping_.group.size(), samples = static_cast<std::size_t>(options_.samples);
    mine.distance.resize(groups * samples);
    if (!share) {
      mine.worker.distances(static_cast<std::uint64_t>(example), 0, blocks_, mine.distance.data());
    } else {
      parallel_for(blocks_, piece_blocks, threads_, [&](std::int64_t begin, std::int64_t end, int worker) {
        prepare(worker, example).worker.distances(static_cast<std::uint64_t>(example), begin, end, mine.distance.data());
      });
    }
    std::vector<double> near(groups), sorted;
    for (std::size_t g = 0; g < groups; ++g) {
      sorted.assign(mine.distance.begin() + static_cast<std::int64_t>(g * samples),
                    mine.distance.begin() + static_cast<std::int64_t>((g + 1) * samples));
      sorted.erase(std::remove_if(sorted.begin(), sorted.end(), [](double d) { return !std::isfinite(d); }), sorted.end());
      if (sorted.empty()) {
        near[g] = -1;
        continue;
      }
      const double wanted = std::ceil(options_.keep * static_cast<double>(sorted.size()));
      const auto rank = static_cast<std::int64_t>(std::clamp(wanted, 1.0, static_cast<double>(sorted.size()))) - 1;
      std::nth_element(sorted.begin(), sorted.begin() + rank, sorted.end());
      near[g] = sorted[rank];
    }
    if (share) near_ = near;
    mine.worker.set_near(mine.distance.data(), std::move(near));
  }

  // Is there something observed, or stated by the program, that holds in no world whatever the choices are?
  bool contradicted(std::int64_t example) const {
    if (s_.impossible) return true;
    if (std::find(s_.evidence.begin(), s_.evidence.end(), 1) != s_.evidence.end()) return true;
    if (evidence_.labels == nullptr) return false;
    const std::int32_t* const labels = evidence_.labels + example * evidence_.example_stride;
    for (std::size_t slot = 0; slot < s_.slot_count(); ++slot) {
      if (labels[slot] >= 0 && s_.observed(slot, labels[slot]) == 1 && options_.kernel == AbcOptions::Kernel::Exact) return true;
    }
    return false;
  }

  void copy_prior(std::int64_t example) const {
    for (std::size_t b = 0; b < priors_.size(); ++b) {
      if (posteriors_[b].data == nullptr) continue;
      std::copy_n(priors_[b].data + example * priors_[b].example_stride, engine_.layout().block_size[b],
                  posteriors_[b].data + example * posteriors_[b].example_stride);
    }
  }

  Real* alternatives(std::int64_t example, std::size_t c) const {
    const PriorLayout& layout = engine_.layout();
    const auto& block = posteriors_[layout.block[c]];
    return block.data == nullptr ? nullptr : block.data + example * block.example_stride + layout.offset[c];
  }

  void write_impossible(std::int64_t example) const {
    write_figures(example, log_zero, false, false, 0, 0);
    if (results_.queries != nullptr) std::fill_n(results_.queries + example * query_count(), query_count(), Real(0));
  }

  std::int64_t query_count() const { return static_cast<std::int64_t>(s_.queries.size()); }

  void write_figures(std::int64_t example, double log_evidence, bool possible, bool answered, double effective,
                     double accepted) const {
    if (results_.log_evidence != nullptr) results_.log_evidence[example] = static_cast<Real>(log_evidence);
    if (results_.possible != nullptr) results_.possible[example] = possible;
    if (results_.answered != nullptr) results_.answered[example] = answered;
    if (results_.effective != nullptr) results_.effective[example] = effective;
    if (results_.accepted != nullptr) results_.accepted[example] = accepted;
  }

  void write(std::int64_t example, Mine& mine) {
    const double samples = static_cast<double>(options_.samples);
    double log_evidence = 0, effective = samples, accepted = 1;
    bool answered = true;
    for (const std::int32_t g : grouping_.total) {
      const GroupTally& own = mine.tally.group[g];
      // No world had a weight: its mean is taken to be less than one in one more world than were drawn.
      log_evidence += own.sum > 0 ? std::log(own.sum / samples) : -std::log(samples + 1);
      if (own.sum > 0 && options_.kernel == AbcOptions::Kernel::Exponential) log_evidence -= options_.rate * own.nearest;
    }
    for (const GroupTally& own : mine.tally.group) {
      answered = answered && own.sum > 0;
      effective = std::min(effective, own.squares > 0 ? own.sum * own.sum / own.squares : 0.0);
      accepted = std::min(accepted, static_cast<double>(own.positive) / samples);
    }
    write_figures(example, log_evidence, true, answered, effective, accepted);
    if (results_.queries != nullptr) std::fill_n(results_.queries + example * query_count(), query_count(), Real(0));
    if (!answered) return;
    if (options_.task != Task::Marginals) return write_world(example, mine);
    for (std::size_t g = 0; g < grouping_.group.size(); ++g) write_group(example, mine.tally, g);
  }

  void write_group(std::int64_t example, const Tally& tally, std::size_t g) {
    const Group& group = grouping_.group[g];
    const double sum = tally.group[g].sum;
    const bool weighed = !(group.slot.empty() && group.evidence.empty() && group.constraint.empty());
    for (const std::int32_t c : group.choice) {
      Real* const out = alternatives(example, static_cast<std::size_t>(c));
      if (weighed && out != nullptr) write_choice(tally, c, sum, out);
    }
    if (results_.queries != nullptr) {
      Real* const out = results_.queries + example * query_count();
      for (const std::int32_t q : group.query) out[q] = static_cast<Real>(std::min(tally.query[q] / sum, 1.0));
    }
    if (results_.said == nullptr) return;
    for (const auto& [key, statement] : tally.said[g]) {
      typename AbcResults<Real>::Said said{example, statement.computed, {}, std::min(statement.weight / sum, 1.0)};
      for (std::size_t i = 2; i < key.size(); i += 2) said.numbers.push_back(key[i - 1] > 0 ? key[i] : 0.0);
      said_[example].push_back(std::move(said));
    }
  }

  // `out` holds the prior.
  void write_choice(const Tally& tally, std::int32_t c, double sum, Real* out) const {
    const std::int32_t alternatives = s_.choice_alternatives[c], stride = engine_.layout().stride[c];
    const std::int64_t first = plan_.value_begin[c];
    double none_weight = 1, none_drawn = 1, none_prior = 1, total = 0;
    const auto estimate = [&](double prior, double weight, double drawn) {
      return options_.control_variate ? std::max(prior + weight - drawn, 0.0) : std::max(weight, 0.0);
    };
    std::vector<double> value(static_cast<std::size_t>(alternatives));
    for (std::int32_t k = 0; k < alternatives; ++k) {
      const double prior = static_cast<double>(out[std::int64_t{k} * stride]);
      const double weight = tally.weight[first + k] / sum;
      const double drawn = static_cast<double>(tally.drawn[first + k]) / static_cast<double>(options_.samples);
      none_weight -= weight;
      none_drawn -= drawn;
      none_prior -= prior;
      // A probability of zero or one stays what it is.
      value[k] = prior > 0 ? estimate(prior, weight, drawn) : 0.0;
      total += value[k];
    }
    if (s_.choice_has_none[c] && none_prior > 0) total += estimate(none_prior, std::max(none_weight, 0.0), std::max(none_drawn, 0.0));
    if (!(total > 0)) return;
    for (std::int32_t k = 0; k < alternatives; ++k) {
      out[std::int64_t{k} * stride] = static_cast<Real>(std::min(value[k] / total, 1.0));
    }
  }

  void write_world(std::int64_t example, Mine& mine) {
    mine.worker.chosen(static_cast<std::uint64_t>(example), mine.tally, mine.value, mine.query);
    for (std::size_t c = 0; c < s_.choice_count(); ++c) {
      Real* const out = alternatives(example, c);
      if (out == nullptr) continue;
      const std::int32_t stride = engine_.layout().stride[c];
      for (std::int32_t k = 0; k < s_.choice_alternatives[c]; ++k) {
        out[std::int64_t{k} * stride] = static_cast<Real>(k == mine.value[c] ? 1 : 0);
      }
    }
    if (results_.queries == nullptr) return;
    for (std::int64_t q = 0; q < query_count(); ++q) results_.queries[example * query_count() + q] = static_cast<Real>(mine.query[q]);
  }

  const Abc& engine_;
  const Simulator& s_;
  const Plan& plan_;
  const Grouping& grouping_;
  const std::vector<PriorBlock<Real>>& priors_;
  const std::int64_t batch_;
  const EvidenceView& evidence_;
  const AbcOptions& options_;
  const std::vector<PosteriorBlock<Real>>& posteriors_;
  const AbcResults<Real>& results_;
  const int threads_;
  std::int64_t blocks_ = 0, pieces_ = 0;
  std::vector<std::unique_ptr<Mine>> workers_;
  std::vector<double> near_;
  std::vector<std::vector<typename AbcResults<Real>::Said>> said_;
};

}  // namespace

Abc::Abc(std::shared_ptr<const Simulator> simulator, PriorLayout layout, std::vector<double> label_number)
    : simulator_(std::move(simulator)), layout_(std::move(layout)) {
  simulator_->verify();
  const std::size_t choices = simulator_->choice_count();
  if (layout_.block.size() != choices || layout_.offset.size() != choices || layout_.stride.size() != choices) {
    throw std::invalid_argument("abc: the layout does not fit the choices");
  }
  for (std::size_t c = 0; c < choices; ++c) {
    const std::int64_t last = layout_.offset[c] + std::int64_t{layout_.stride[c]} * (simulator_->choice_alternatives[c] - 1);
    if (layout_.block[c] < 0 || static_cast<std::size_t>(layout_.block[c]) >= layout_.block_size.size() || layout_.offset[c] < 0 ||
        last < 0 || std::max(last, layout_.offset[c]) >= layout_.block_size[layout_.block[c]]) {
      throw std::invalid_argument("abc: a choice lies outside its prior block");
    }
  }
  if (label_number.size() != simulator_->slot_literal.size()) throw std::invalid_argument("abc: a number a label");
  plan_ = std::make_unique<const Plan>(*simulator_, std::move(label_number));
}

Abc::~Abc() = default;

template <typename Real>
void Abc::run(const std::vector<PriorBlock<Real>>& priors, std::int64_t batch, const EvidenceView& evidence,
              const AbcOptions& options, const std::vector<PosteriorBlock<Real>>& posteriors,
              const AbcResults<Real>& results) const {
  if (priors.size() != layout_.block_size.size() || posteriors.size() != priors.size()) {
    throw std::invalid_argument("abc: as many prior and posterior blocks as the layout has");
  }
  if (options.samples < 1) throw std::invalid_argument("abc: at least one sample");
  Call<Real>(*this, *plan_, priors, batch, evidence, options, posteriors, results).run();
}

template void Abc::run<float>(const std::vector<PriorBlock<float>>&, std::int64_t, const EvidenceView&, const AbcOptions&,
                              const std::vector<PosteriorBlock<float>>&, const AbcResults<float>&) const;
template void Abc::run<double>(const std::vector<PriorBlock<double>>&, std::int64_t, const EvidenceView&, const AbcOptions&,
                               const std::vector<PosteriorBlock<double>>&, const AbcResults<double>&) const;

}  // namespace emnesy
