#include "bp.hpp"

#include <utility>

#include "bp/cluster.hpp"
#include "bp/crew.hpp"
#include "bp/structured_gate.hpp"
#include "team.hpp"
#include "thread_pool.hpp"

namespace emnesy {

using namespace bp;

namespace bp {

struct Cache {
  Crews<float> single;
  Crews<double> twice;
};

}  // namespace bp

namespace {

constexpr int most_threads = 256;

template <typename Real>
Crews<Real>& crews_of(Cache& cache) {
  if constexpr (std::is_same_v<Real, float>) return cache.single;
  if constexpr (std::is_same_v<Real, double>) return cache.twice;
}

// The tuples that each of the examples begin .. end - 1 visits on its own, on average.
double mean_work(const Plan& plan, const EvidenceView& evidence, std::int64_t begin, std::int64_t end) {
  double work = static_cast<double>(plan.work);
  if (evidence.labels == nullptr) return work;
  for (std::size_t s = 0; s < plan.slot_saving.size(); ++s) {
    if (plan.slot_saving[s] == 0) continue;
    std::int64_t labelled = 0;
    for (std::int64_t b = begin; b < end; ++b) labelled += evidence.labels[b * evidence.example_stride + static_cast<std::int64_t>(s)] >= 0;
    work -= static_cast<double>(plan.slot_saving[s]) * static_cast<double>(labelled) / static_cast<double>(end - begin);
  }
  return work;
}

// How a batch is cut into jobs. A function of the batch and the options, not of the threads, as an example's answer
// depends to the last bit on whether it is computed in a bundle.
template <typename Real>
struct Cut {
  const LaneBackend<Real>* backend = nullptr;
  std::int64_t bundles = 0;  // the first jobs; then one example a job
  std::int64_t batch = 0;

  Cut(const Plan& plan, const Options& options, const EvidenceView& evidence, std::int64_t examples) : batch(examples) {
    if (options.task != Task::Marginals || options.lanes == 0 || plan.impossible) return;
    if (options.schedule == Schedule::Residual && !plan.loopy.empty()) return;  // every example has an order of its own
    const bool forced = options.lanes > 0;
    for (const LaneBackend<Real>& candidate : lane_backends<Real>()) {
      if (forced && candidate.width != options.lanes) continue;
      backend = &candidate;
      break;
    }
    if (backend == nullptr) return;
    // Does a bundle of `count` pay, among the examples begin .. end - 1? A visit to a tuple takes about as long for it as for one
    // example. Labels are counted only where they decide.
    const auto pays = [&](std::int64_t count, std::int64_t begin, std::int64_t end) {
      if (forced || count < 2) return forced && count > 0;
      const auto worth = [&](double alone) { return 5 * static_cast<double>(count) * alone > 4 * static_cast<double>(plan.lane_work); };
      if (!worth(static_cast<double>(plan.work))) return false;
      return worth(static_cast<double>(plan.work - plan.saving)) || worth(mean_work(plan, evidence, begin, end));
    };
    bundles = batch >= backend->width && pays(backend->width, 0, batch) ? batch / backend->width : 0;
    const std::int64_t rest = batch - bundles * backend->width;
    if (rest > 0 && rest < backend->width && pays(rest, batch - rest, batch)) ++bundles;
  }

  std::int64_t in_bundles() const { return backend == nullptr ? 0 : std::min(bundles * backend->width, batch); }
  std::int64_t jobs() const { return bundles + batch - in_bundles(); }

  void run(Crew<Real>& crew, std::int64_t job) const {
    if (job >= bundles) return crew.run_one(in_bundles() + job - bundles);
    const std::int64_t first = job * backend->width;
    crew.run_bundle(first, static_cast<int>(std::min<std::int64_t>(backend->width, batch - first)));
  }
};

// Each thread takes jobs of its own while there are enough of them; the work of the last ones, so many, is shared by all
// threads, one job after the other. Never that of several jobs which would take longer so: each with a thread of its
// own they are done in the time of one.
std::int64_t shared_jobs(const Plan& plan, const Options& options, std::int64_t jobs) {
  if (!plan.shared || options.threads < 2) return 0;
  const std::int64_t left = jobs % options.threads;
  const bool loops_wait = !plan.loopy.empty() && (options.task != Task::Marginals || options.schedule == Schedule::Residual ||
                                                  (options.schedule == Schedule::Sequential && plan.sweep.order.empty()));
  return left == 1 || (!loops_wait && 2 * left <= options.threads) ? left : 0;
}

void check_rules(const PriorLayout& layout) {
  bool fit = layout.rules.size() <= layout.block_size.size();
  for (std::size_t b = 0; fit && b < layout.rules.size(); ++b) {
    fit = layout.rules[b].width >= 1;
    for (const std::int64_t offset : layout.rules[b].offset) {
      fit = fit && offset >= 0 && offset + layout.rules[b].width <= layout.block_size[b];
    }
  }
  if (!fit) throw std::invalid_argument("belief propagation: the rules of the priors do not fit their blocks");
}

}  // namespace

BeliefPropagation::BeliefPropagation(FactorGraph graph, PriorLayout layout, std::int64_t cluster)
    : graph_(std::move(graph)), layout_(std::move(layout)), cache_(std::make_unique<bp::Cache>()) {
  graph_.verify();
  check_rules(layout_);
  if (graph_.gate_variable >= 0) {
    gate_ = std::make_unique<const Gate>(graph_, layout_, cluster);
    return;
  }
  Clustered clustered = cluster_loops(std::move(graph_), cluster);
  graph_ = std::move(clustered.graph);
  clusters_ = clustered.count;
  plan_ = std::make_unique<const Plan>(make_plan(graph_, layout_));
}

BeliefPropagation::~BeliefPropagation() = default;

bool BeliefPropagation::exact() const { return gate_ ? gate_->exact() : plan_->loopy.empty(); }

std::int32_t BeliefPropagation::clusters() const { return gate_ ? gate_->clusters() : clusters_; }

std::int64_t BeliefPropagation::message_count() const { return gate_ ? gate_->message_count() : plan_->message_count; }

template <typename Real>
void BeliefPropagation::uniform_messages(Real* row) const {
  if (gate_) return gate_->uniform_messages(row);
  bp::uniform_messages(*plan_, row);
}
template void BeliefPropagation::uniform_messages<float>(float*) const;
template void BeliefPropagation::uniform_messages<double>(double*) const;

template <typename Real>
void BeliefPropagation::run(const std::vector<PriorBlock<Real>>& priors, std::int64_t batch,
                            const EvidenceView& evidence, const Options& options,
                            const std::vector<PosteriorBlock<Real>>& posteriors,
                            const ExampleResults<Real>& results, const MessageView<Real>& messages) const {
  MessageView<Real> rows = messages;
  if (rows.example_stride == 0) rows.example_stride = message_count();
  const std::size_t blocks = layout_.block_size.size();
  if (priors.size() != blocks || posteriors.size() != blocks) {
    throw std::invalid_argument("belief propagation: as many prior and posterior blocks as the layout has");
  }
  PriorCheck<Real> check(layout_, priors);
  if (gate_) {
    if (options.check_priors) check.look_at_all(batch, options.threads);
    return gate_->run<Real>(priors, batch, evidence, options, posteriors, results, rows);
  }
  const Plan& plan = *plan_;
  bool beliefs = results.query_marginals != nullptr && !graph_.query_variable.empty();
  for (const auto& block : posteriors) beliefs = beliefs || block.data != nullptr;

  PriorCheck<Real>* const checked = options.check_priors ? &check : nullptr;
  const Call<Real> call{priors, evidence, options, posteriors, results, rows, beliefs, nullptr, checked};
  const Cut<Real> schedule(plan, options, evidence, batch);
  const std::int64_t jobs = schedule.jobs();
  const std::int64_t alone = jobs - shared_jobs(plan, options, jobs);
  const int threads = static_cast<int>(std::min<std::int64_t>(std::max(options.threads, 1), std::max<std::int64_t>(alone, 1)));
  Crews<Real>& crews = crews_of<Real>(*cache_);
  std::vector<std::unique_ptr<Crew<Real>>> working(threads);
  const std::int64_t chunk = schedule.bundles > 0 ? 1 : std::clamp<std::int64_t>(alone / (4 * threads), 1, 64);
  const auto crew_of = [&](int worker, const Call<Real>& started) -> Crew<Real>& {
    if (!working[worker]) working[worker] = crews.take(plan, graph_);
    working[worker]->start(started, schedule.backend);
    return *working[worker];
  };
  parallel_for(alone, threads == 1 ? alone : chunk, threads, [&](std::int64_t begin, std::int64_t end, int worker) {
    const Denormals flushed(true);
    Crew<Real>& crew = working[worker] ? *working[worker] : crew_of(worker, call);
    for (std::int64_t job = begin; job < end; ++job) schedule.run(crew, job);
  });
  if (alone < jobs) {
    Team::gather(std::min(options.threads, most_threads), [&](Team& team) {
      const Denormals flushed(true);
      const Call<Real> shared{priors, evidence, options, posteriors, results, rows, beliefs, &team, checked};
      Crew<Real>& crew = crew_of(0, shared);
      for (std::int64_t job = alone; job < jobs; ++job) schedule.run(crew, job);
    });
  }
  // The caller's last: in its next call it is again the first to take one, whose memory then is near its core still.
  for (auto crew = working.rbegin(); crew != working.rend(); ++crew) {
    if (*crew) crews.give_back(std::move(*crew));
  }
  if (check.failed()) throw InvalidPriors();
}

template void BeliefPropagation::run<float>(const std::vector<PriorBlock<float>>&, std::int64_t, const EvidenceView&,
                                            const Options&, const std::vector<PosteriorBlock<float>>&,
                                            const ExampleResults<float>&, const MessageView<float>&) const;
template void BeliefPropagation::run<double>(const std::vector<PriorBlock<double>>&, std::int64_t, const EvidenceView&,
                                             const Options&, const std::vector<PosteriorBlock<double>>&,
                                             const ExampleResults<double>&, const MessageView<double>&) const;

}  // namespace emnesy
