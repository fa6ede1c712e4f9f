#include "gibbs.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "gibbs/moments.hpp"
#include "gibbs/path_chain.hpp"
#include "gibbs/problem.hpp"
#include "gibbs/world_chain.hpp"
#include "thread_pool.hpp"

namespace emnesy {

namespace {

// All that one thread needs; made when it meets its first example.
struct Worker {
  explicit Worker(const gibbs::Plan& plan_) : plan(plan_) {}

  gibbs::Chain& chain(bool path) {
    if (path) {
      if (!paths) paths = std::make_unique<gibbs::PathChain>(plan);
      return *paths;
    }
    if (!worlds) worlds = std::make_unique<gibbs::WorldChain>(plan);
    return *worlds;
  }

  const gibbs::Plan& plan;
  gibbs::Problem problem;
  gibbs::Moments moments;
  std::vector<double> queries, sampled;
  std::unique_ptr<gibbs::PathChain> paths;
  std::unique_ptr<gibbs::WorldChain> worlds;
};

}  // namespace

Gibbs::Gibbs(std::shared_ptr<const Simulator> simulator, PriorLayout layout)
    : layout_(std::move(layout)), plan_(std::make_unique<const gibbs::Plan>(std::move(simulator))) {
  const std::size_t choices = plan_->s.choice_count();
  if (layout_.block.size() != choices || layout_.offset.size() != choices || layout_.stride.size() != choices) {
    throw std::invalid_argument("the prior layout has not one entry per choice");
  }
  for (std::size_t c = 0; c < choices; ++c) {
    const auto b = static_cast<std::size_t>(layout_.block[c]);
    const std::int64_t last = layout_.offset[c] + std::int64_t{plan_->s.choice_alternatives[c] - 1} * layout_.stride[c];
    if (layout_.block[c] < 0 || b >= layout_.block_size.size() || layout_.offset[c] < 0 || last < 0 || last >= layout_.block_size[b]) {
      throw std::invalid_argument("choice " + std::to_string(c) + " lies outside its prior block");
    }
  }
}

Gibbs::~Gibbs() = default;

bool Gibbs::recognises_paths() const { return plan_->recognises_paths(); }
const Simulator& Gibbs::simulator() const { return plan_->s; }

template <typename Real>
void Gibbs::run(const std::vector<PriorBlock<Real>>& priors, std::int64_t batch, const EvidenceView& evidence,
                const GibbsOptions& options, const std::vector<PosteriorBlock<Real>>& posteriors, const ExampleResults<Real>& results,
                const GibbsState& state, const GibbsDiagnostics& diagnostics) const {
  const gibbs::Plan& plan = *plan_;
  const Simulator& s = plan.s;
  const std::int32_t choices = plan.choices();
  const std::size_t slots = s.slot_count(), queries = s.queries.size();
  for (std::int64_t b = 0; b < batch; ++b) {
    for (std::size_t i = 0; i < slots; ++i) {
      if (evidence.labels[b * evidence.example_stride + static_cast<std::int64_t>(i)] >= s.label_count(i)) {
        throw std::out_of_range("example " + std::to_string(b) + ": slot " + std::to_string(i) + " has no such label");
      }
    }
  }
  const int threads = std::max(options.threads, 1);
  std::vector<std::unique_ptr<Worker>> workers(threads);

  const auto example = [&](std::int64_t b, Worker& w) {
    std::vector<double>& prior = w.problem.prior;
    prior.resize(plan.value_begin.back());
    for (std::int32_t c = 0; c < choices; ++c) {
      const PriorBlock<Real>& block = priors[layout_.block[c]];
      const Real* const from = block.data + b * block.example_stride + layout_.offset[c];
      double* const to = prior.data() + plan.value_begin[c];
      double left = 1;
      for (std::int32_t k = 0; k < s.choice_alternatives[c]; ++k) left -= to[k] = static_cast<double>(from[std::int64_t{k} * layout_.stride[c]]);
      if (s.choice_has_none[c]) to[s.choice_alternatives[c]] = left > 1e-12 ? left : 0.0;
    }
    w.problem.observed = s.evidence;
    for (std::size_t i = 0; i < slots; ++i) {
      const std::int32_t label = evidence.labels[b * evidence.example_stride + static_cast<std::int64_t>(i)];
      if (label >= 0) w.problem.observed.push_back(s.observed(i, label));
    }
    bool contradiction = false;
    bool path = false;
    if (plan.paths) {
      path = counterfactual::observes_whole_path(*plan.paths, w.problem.observed, w.problem.on_path, contradiction) && !contradiction;
    } else if (plan.edges) {
      const counterfactual::Fit fit = counterfactual::observed_way(*plan.edges, w.problem.observed, w.problem.way);
      path = fit == counterfactual::Fit::Yes;
      contradiction = fit == counterfactual::Fit::Impossible;
    }
    gibbs::Chain& chain = w.chain(path);
    w.moments.start(prior.size(), options.sweeps);
    w.queries.assign(queries, 0.0);
    w.sampled.assign(queries, 0.0);

    bool possible = !contradiction, proved = contradiction;
    std::int64_t proposed = 0, accepted = 0;
    double block_size = 0;
    std::vector<std::int32_t> drawn;
    for (int c = 0; c < options.chains && possible; ++c) {
      const std::int64_t at = b * options.chains + c;
      std::int32_t* const values = state.values + at * choices;
      gibbs::Stream random(options.seed, b, c, state.position[at]);
      chain.block = state.block[at];
      // A chain that goes on where it was needs no new burn-in; one without choices has nothing to burn in.
      const bool continues = choices > 0 && values[0] >= 0;
      possible = chain.start(w.problem, continues ? values : nullptr, random, proved);
      // Where the search fails now but did not before, the chain begins where the first one is.
      if (!possible && c > 0) possible = chain.start(w.problem, drawn.data(), random, proved);
      if (!possible) break;
      const bool resumed = continues && std::equal(values, values + choices, chain.values());
      if (!resumed) {
        for (int sweep = 0; sweep < options.burn_in; ++sweep) chain.sweep(random, true);
      }
      chain.proposed = chain.accepted = 0;
      w.moments.start_chain();
      for (int sweep = 0; sweep < options.sweeps; ++sweep) {
        chain.sweep(random, false);
        w.moments.add(chain.rows());
        if (state.trace) std::copy(chain.values(), chain.values() + choices, state.trace + (at * options.sweeps + sweep) * choices);
        for (std::size_t q = 0; q < queries; ++q) w.queries[q] += chain.holds(s.queries[q]);
      }
      // Between calls the blocks adapt as well: never within what is averaged.
      if (resumed && chain.proposed > 0) chain.block = std::max(1.0, chain.block * (2 * chain.accepted > chain.proposed ? 1.2 : 0.85));
      proposed += chain.proposed;
      accepted += chain.accepted;
      block_size += chain.block / options.chains;
      if (c == 0) {
        drawn.assign(chain.values(), chain.values() + choices);
        for (std::size_t q = 0; q < queries; ++q) w.sampled[q] = chain.holds(s.queries[q]);
      }
      std::copy(chain.values(), chain.values() + choices, values);
      state.block[at] = chain.block;
      state.position[at] = random.position();
    }
    if (!possible) {
      std::fill(state.values + b * options.chains * choices, state.values + (b + 1) * options.chains * choices, -1);
    }
    for (std::size_t block = 0; block < posteriors.size(); ++block) {
      if (posteriors[block].data == nullptr) continue;
      const Real* const from = priors[block].data + b * priors[block].example_stride;
      std::copy(from, from + layout_.block_size[block], posteriors[block].data + b * posteriors[block].example_stride);
    }
    double divergence = 0;
    for (std::int32_t c = 0; c < choices && possible; ++c) {
      const PosteriorBlock<Real>& block = posteriors[layout_.block[c]];
      Real* const to = block.data == nullptr ? nullptr : block.data + b * block.example_stride + layout_.offset[c];
      for (std::int32_t k = 0; k < plan.values(c); ++k) {
        const double q = w.moments.mean(plan.value_begin[c] + k), p = prior[plan.value_begin[c] + k];
        if (q > 0 && p > 0) divergence += q * std::log(q / p);
        if (to == nullptr || k >= s.choice_alternatives[c]) continue;
        to[std::int64_t{k} * layout_.stride[c]] = static_cast<Real>(options.task == Task::Sample ? (drawn[c] == k ? 1.0 : 0.0) : q);
      }
    }
    const double r_hat = possible ? w.moments.r_hat() : gibbs::Moments::worst;
    const double total = static_cast<double>(options.sweeps) * options.chains;
    if (results.log_evidence) results.log_evidence[b] = static_cast<Real>(possible ? -std::max(divergence, 0.0) : log_zero);
    if (results.possible) results.possible[b] = possible;
    if (results.iterations) results.iterations[b] = options.sweeps;
    if (results.residual) results.residual[b] = static_cast<Real>(r_hat - 1);
    if (results.converged) results.converged[b] = possible ? r_hat <= options.tolerance : proved;
    if (results.query_marginals) {
      for (std::size_t q = 0; q < queries; ++q) {
        // A choice's own alternative has a conditional to average, like the posteriors.
        const std::int32_t cell = s.queries[q] >> 1, owner = plan.world.owner[cell];
        double mean = w.queries[q] / total;
        if (options.task == Task::Sample) {
          mean = w.sampled[q];
        } else if (owner >= 0) {
          mean = w.moments.mean(static_cast<std::size_t>(plan.value_begin[owner] + cell - s.choice_cell[owner]));
          if ((s.queries[q] & 1) != 0) mean = 1 - mean;
        }
        results.query_marginals[b * static_cast<std::int64_t>(queries) + static_cast<std::int64_t>(q)] = static_cast<Real>(possible ? mean : 0.0);
      }
    }
    if (diagnostics.r_hat) diagnostics.r_hat[b] = r_hat;
    if (diagnostics.effective_samples) diagnostics.effective_samples[b] = possible ? w.moments.effective_samples() : 0.0;
    if (diagnostics.acceptance) diagnostics.acceptance[b] = proposed > 0 ? static_cast<double>(accepted) / static_cast<double>(proposed) : 0.0;
    if (diagnostics.block) diagnostics.block[b] = block_size;
    if (diagnostics.proved) diagnostics.proved[b] = !possible && proved;
    if (diagnostics.recognised) diagnostics.recognised[b] = path;
  };

  parallel_for(batch, 1, threads, [&](std::int64_t begin, std::int64_t end, int worker) {
    if (!workers[worker]) workers[worker] = std::make_unique<Worker>(plan);
    for (std::int64_t b = begin; b < end; ++b) example(b, *workers[worker]);
  });
}

template void Gibbs::run<float>(const std::vector<PriorBlock<float>>&, std::int64_t, const EvidenceView&, const GibbsOptions&,
                                const std::vector<PosteriorBlock<float>>&, const ExampleResults<float>&, const GibbsState&,
                                const GibbsDiagnostics&) const;
template void Gibbs::run<double>(const std::vector<PriorBlock<double>>&, std::int64_t, const EvidenceView&, const GibbsOptions&,
                                 const std::vector<PosteriorBlock<double>>&, const ExampleResults<double>&, const GibbsState&,
                                 const GibbsDiagnostics&) const;

}  // namespace emnesy
