// What the tests compare with: random graphs, and their answers by enumeration of every assignment.
#pragma once

#include <cmath>
#include <functional>
#include <iterator>
#include <random>
#include <vector>

#include "bp.hpp"
#include "graphs.hpp"
#include "random_structured.hpp"
#include "structured.hpp"

namespace emnesy::tests {

// One problem: a graph, where its priors lie, one example's priors (per block) and labels.
struct Problem {
  FactorGraph graph;
  PriorLayout layout;
  std::vector<std::vector<double>> priors;
  std::vector<std::int32_t> labels;

  std::vector<double> prior(std::int32_t choice) const {
    std::vector<double> weights;
    double left = 1;
    const std::int32_t alternatives = graph.cardinality[choice] - graph.choice_has_none[choice];
    for (std::int32_t k = 0; k < alternatives; ++k) {
      weights.push_back(priors[layout.block[choice]][layout.offset[choice] + k * layout.stride[choice]]);
      left -= weights.back();
    }
    if (graph.choice_has_none[choice]) weights.push_back(std::max(left, 0.0));
    return weights;
  }
};

struct Exact {
  double total = 0;                            // p(evidence)
  double best = 0;                             // of the most probable assignment
  std::vector<std::vector<double>> marginal;   // per variable, normalised
  std::vector<double> query;
};

using Visit = std::function<void(const std::vector<std::int32_t>& values, double weight)>;

// Every assignment with its weight, zero weights left out.
inline void enumerate(const Problem& problem, const Visit& visit) {
  const FactorGraph& g = problem.graph;
  std::vector<std::vector<double>> own(g.variable_count());
  for (std::size_t v = 0; v < own.size(); ++v) {
    own[v] = v < static_cast<std::size_t>(g.choice_count) ? problem.prior(static_cast<std::int32_t>(v))
                                                           : std::vector<double>(g.cardinality[v], 1.0);
  }
  for (std::size_t s = 0; s < g.slot_variable.size(); ++s) {
    if (problem.labels[s] < 0) continue;
    auto& weights = own[g.slot_variable[s]];
    for (std::size_t k = 0; k < weights.size(); ++k) {
      weights[k] *= g.slot_mask[g.slot_mask_begin[s] + problem.labels[s] * static_cast<std::int64_t>(weights.size()) + k];
    }
  }
  for (std::size_t i = 0; i < g.fixed_variable.size(); ++i) {
    auto& weights = own[g.fixed_variable[i]];
    for (std::size_t k = 0; k < weights.size(); ++k) weights[k] *= g.fixed_mask[g.fixed_mask_begin[i] + k];
  }
  std::vector<std::int32_t> values(g.variable_count(), 0);
  for (;;) {
    double weight = g.impossible ? 0 : 1;
    for (std::size_t v = 0; v < values.size() && weight > 0; ++v) weight *= own[v][values[v]];
    if (weight > 0 && g.gate_variable >= 0 && !gate_agrees(g, values)) weight = 0;
    for (std::size_t f = 0; f < g.factor_count() && weight > 0; ++f) {
      if (g.is_gated(f)) continue;
      weight *= factor_weight(g, f, values);
    }
    if (weight > 0) visit(values, weight);
    std::size_t v = 0;
    while (v < values.size() && ++values[v] == g.cardinality[v]) values[v++] = 0;
    if (v == values.size()) return;
  }
}

inline Exact solve(const Problem& problem) {
  const FactorGraph& g = problem.graph;
  Exact exact;
  for (const std::int32_t c : g.cardinality) exact.marginal.emplace_back(c, 0.0);
  exact.query.assign(g.query_variable.size(), 0.0);
  enumerate(problem, [&](const auto& values, double weight) {
    exact.total += weight;
    exact.best = std::max(exact.best, weight);
    for (std::size_t v = 0; v < values.size(); ++v) exact.marginal[v][values[v]] += weight;
    for (std::size_t q = 0; q < exact.query.size(); ++q) {
      if (g.query_mask[g.query_mask_begin[q] + values[g.query_variable[q]]]) exact.query[q] += weight;
    }
  });
  if (exact.total > 0) {
    for (auto& marginal : exact.marginal) {
      for (double& p : marginal) p /= exact.total;
    }
    for (double& p : exact.query) p /= exact.total;
  }
  return exact;
}

struct Shape {
  bool loops = false;
  bool weights = true;
  bool extremes = false;  // priors of 0, 1 and 1e-30
  bool structured = false;  // structured factors among the tables
  bool positive = false;  // full tables and masks that exclude nothing: every assignment is possible
};

// A random graph of a few variables, small enough to enumerate.
inline Problem random_problem(Random& random, const Shape& shape) {
  struct Draft {
    int values;
    bool choice, none;
  };
  std::vector<Draft> drafts;
  std::vector<std::vector<int>> scopes;
  double states = 1;
  const auto new_variable = [&] {
    Draft draft{uniform(random, 1, 4), coin(random, 0.6), coin(random, 0.3)};
    if (draft.choice && draft.none && draft.values == 1) draft.values = 2;
    states *= draft.values;
    drafts.push_back(draft);
    return static_cast<int>(drafts.size()) - 1;
  };
  while (states < 400 && scopes.size() < 7) {
    std::vector<int> scope;
    const int attached = drafts.empty() || coin(random, 0.15) ? 0 : shape.loops ? uniform(random, 1, 2) : 1;
    for (int i = 0; i < attached; ++i) {
      const int v = uniform(random, 0, static_cast<int>(drafts.size()) - 1);
      if (std::find(scope.begin(), scope.end(), v) == scope.end()) scope.push_back(v);
    }
    const int fresh = uniform(random, scope.empty() ? 1 : 0, 3);
    for (int i = 0; i < fresh; ++i) scope.push_back(new_variable());
    std::shuffle(scope.begin(), scope.end(), random);
    scopes.push_back(scope);
  }
  if (coin(random, 0.3)) new_variable();

  GraphMaker maker;
  std::vector<std::int32_t> id(drafts.size());
  for (const bool choice : {true, false}) {
    for (std::size_t v = 0; v < drafts.size(); ++v) {
      if (drafts[v].choice != choice) continue;
      id[v] = choice ? maker.choice(drafts[v].values - (drafts[v].none ? 1 : 0), drafts[v].none) : maker.cell(drafts[v].values);
    }
  }
  for (const auto& draft_scope : scopes) {
    std::vector<std::int32_t> scope;
    for (const int v : draft_scope) scope.push_back(id[v]);
    if (shape.structured && scope.size() >= 2 && coin(random, 0.7)) {
      const FactorKind kind = structured_kinds[uniform(random, scope.size() == 2 ? 0 : 1, std::size(structured_kinds) - 1)];
      std::vector<std::int32_t> cardinality;
      for (const std::int32_t v : scope) cardinality.push_back(maker.graph.cardinality[v]);
      const StructuredDraft draft = random_structured(random, kind, cardinality);
      maker.structured(kind, scope, draft.maps, draft.parameter);
      continue;
    }
    std::vector<std::vector<std::int32_t>> tuples;
    std::vector<double> weights;
    std::vector<std::int32_t> tuple(scope.size(), 0);
    const bool unit = !shape.weights || coin(random, 0.5);
    for (bool more = true; more;) {
      if (shape.positive || coin(random, 0.7)) {
        tuples.push_back(tuple);
        if (!unit) weights.push_back(uniform(random, 1, 20) / 10.0);
      }
      std::size_t i = 0;
      while (i < scope.size() && ++tuple[i] == maker.graph.cardinality[scope[i]]) tuple[i++] = 0;
      more = i < scope.size();
    }
    maker.factor(scope, tuples, weights,
                 coin(random, 0.6) ? uniform(random, 0, static_cast<int>(scope.size()) - 1) : -1);
  }
  const auto variables = static_cast<int>(drafts.size());
  const auto mask = [&](std::int32_t v) {
    std::vector<std::uint8_t> m(maker.graph.cardinality[v]);
    for (auto& byte : m) byte = shape.positive || coin(random, 0.7);
    return m;
  };
  for (int i = uniform(random, 0, 4); i > 0; --i) {
    const std::int32_t v = uniform(random, 0, variables - 1);
    if (coin(random, 0.7)) {
      maker.value_slot(v);
    } else {
      maker.slot(v, {mask(v), mask(v), mask(v)});
    }
  }
  if (coin(random, 0.4)) {
    const std::int32_t v = uniform(random, 0, variables - 1);
    maker.fixed(v, mask(v));
  }
  for (int i = uniform(random, 0, 3); i > 0; --i) {
    const std::int32_t v = uniform(random, 0, variables - 1);
    maker.query(v, mask(v));
  }

  Problem problem;
  problem.graph = maker.graph;
  problem.layout.block_size = {0, 0};
  for (std::int32_t c = 0; c < problem.graph.choice_count; ++c) {
    const std::int32_t alternatives = problem.graph.cardinality[c] - problem.graph.choice_has_none[c];
    const int block = uniform(random, 0, 1), stride = coin(random, 0.7) ? 1 : 2;
    const std::int64_t offset = problem.layout.block_size[block] + uniform(random, 0, 1);
    problem.layout.block.push_back(block);
    problem.layout.offset.push_back(offset);
    problem.layout.stride.push_back(stride);
    problem.layout.block_size[block] = offset + static_cast<std::int64_t>(stride) * alternatives;
  }
  for (const std::int64_t size : problem.layout.block_size) problem.priors.emplace_back(size, 0.125);
  for (std::int32_t c = 0; c < problem.graph.choice_count; ++c) {
    const std::int32_t count = problem.graph.cardinality[c];
    std::vector<double> p(count);
    double sum = 0;
    for (double& x : p) sum += x = uniform(random, 1, 1000);
    for (double& x : p) x /= sum;
    if (shape.extremes && coin(random, 0.5)) {
      const int special = uniform(random, 0, count - 1);
      for (int k = 0; k < count; ++k) p[k] = k == special ? 1.0 : coin(random, 0.5) ? 0.0 : 1e-30;
    }
    for (std::int32_t k = 0; k < count - problem.graph.choice_has_none[c]; ++k) {
      problem.priors[problem.layout.block[c]][problem.layout.offset[c] + k * problem.layout.stride[c]] = p[k];
    }
  }
  for (const std::int32_t count : problem.graph.slot_label_count) problem.labels.push_back(uniform(random, -1, count - 1));
  return problem;
}

// The engine's answers to a batch of copies of one problem's example.
template <typename Real>
struct Answers {
  std::vector<std::vector<Real>> posterior;  // per block
  std::vector<Real> log_evidence, residual, query;
  std::vector<std::uint8_t> possible, converged;
  std::vector<std::int32_t> iterations;
};

template <typename Real>
Answers<Real> answer(const BeliefPropagation& engine, const Problem& problem, std::int64_t batch = 1,
                     const Options& options = {}) {
  Answers<Real> a;
  std::vector<std::vector<Real>> priors;
  std::vector<PriorBlock<Real>> in;
  std::vector<PosteriorBlock<Real>> out;
  for (const auto& block : problem.priors) {
    priors.emplace_back(block.begin(), block.end());
    a.posterior.emplace_back(block.size() * batch, Real(-1));
  }
  for (std::size_t b = 0; b < priors.size(); ++b) {
    in.push_back({priors[b].data(), 0});
    out.push_back({a.posterior[b].data(), static_cast<std::int64_t>(priors[b].size())});
  }
  a.log_evidence.resize(batch);
  a.residual.resize(batch);
  a.possible.resize(batch);
  a.converged.resize(batch);
  a.iterations.resize(batch);
  a.query.resize(batch * problem.graph.query_variable.size());
  ExampleResults<Real> results;
  results.log_evidence = a.log_evidence.data();
  results.residual = a.residual.data();
  results.possible = a.possible.data();
  results.converged = a.converged.data();
  results.iterations = a.iterations.data();
  results.query_marginals = a.query.data();
  engine.run<Real>(in, batch, {problem.labels.data(), 0}, options, out, results);
  return a;
}

}  // namespace emnesy::tests
