// One example as the chains see it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "counterfactual/cones.hpp"
#include "counterfactual/recognise.hpp"
#include "counterfactual/recognise_edges.hpp"
#include "counterfactual/world.hpp"
#include "emnesy/simulator.hpp"
#include "gibbs/stream.hpp"

namespace emnesy::gibbs {

// What all calls share.
struct Plan {
  explicit Plan(std::shared_ptr<const Simulator> simulator)
      : owner(std::move(simulator)), s(*owner), world(s), cones(s) {
    for (std::size_t c = 0; c < s.choice_count(); ++c) value_begin.push_back(value_begin.back() + s.choice_values(c));
    if (!s.evidence.empty() || s.constraint_begin.size() > 1) return;
    paths = counterfactual::recognise_paths(s);
    if (!paths) edges = counterfactual::recognise_edges(s);
  }
  Plan(const Plan&) = delete;

  std::shared_ptr<const Simulator> owner;
  const Simulator& s;
  counterfactual::WorldPlan world;
  counterfactual::Cones cones;
  std::optional<counterfactual::PathProgram> paths;   // weights at nodes,
  std::optional<counterfactual::EdgeProgram> edges;   // or at edges, or neither
  std::vector<std::int64_t> value_begin{0};  // per choice, into rows of values

  bool recognises_paths() const { return paths || edges; }
  std::int32_t choices() const { return static_cast<std::int32_t>(s.choice_count()); }
  std::int32_t values(std::int32_t c) const { return static_cast<std::int32_t>(value_begin[c + 1] - value_begin[c]); }
};

struct Problem {
  std::vector<double> prior;            // per choice and value
  std::vector<CellLiteral> observed;    // literals that must hold
  // Where the whole path is observed: its nodes, or its edges.
  std::vector<std::uint8_t> on_path;
  std::vector<std::int32_t> way;
};

// What becomes of a chain between sweeps and calls. rows: the conditional of every choice, per choice and value.
class Chain {
 public:
  virtual ~Chain() = default;
  // From these values where they agree with the evidence (null: none are given), else from a world that is looked for.
  // False where none is found; proved: because there is none.
  virtual bool start(const Problem& problem, const std::int32_t* values, Stream& random, bool& proved) = 0;
  // One sweep; adapting: the size of blocks may change.
  virtual void sweep(Stream& random, bool adapting) = 0;
  virtual const double* rows() const = 0;
  virtual const std::int32_t* values() const = 0;
  virtual bool holds(CellLiteral lit) = 0;

  double block = 0;  // size of the blocks that are proposed: adapted while burning in, part of a chain's state
  std::int64_t proposed = 0, accepted = 0;
};

}  // namespace emnesy::gibbs
