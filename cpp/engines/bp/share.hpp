// The work on one example (or bundle of examples), shared among the threads of a team where the caller has one.
//
// Work comes in rounds, a round in pieces that the plan has cut. Pieces of a round read what earlier rounds have written and
// write what no other piece touches; sums of logarithms are made piece by piece and added in the order of the pieces; everything else that
// is gathered (powers of two, greatest changes, which lanes can be trusted) does not depend on an order. So the answer is
// the same to the bit for any number of threads.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "bp/denormals.hpp"
#include "bp/state.hpp"
#include "team.hpp"

namespace emnesy::bp {
inline namespace EMNESY_ISA {

template <typename Real>
class Share {
 public:
  explicit Share(const Plan& plan) : example_(plan), mine_(example_) {}

  State<Real>& mine() { return mine_; }
  Rows<Real>& panes() { return example_.panes; }
  bool alone() const { return team_ == nullptr; }

  // team: for the calls until the next start; null: none.
  void start(Team* team) {
    team_ = team != nullptr && team->threads() > 1 ? team : nullptr;
    if (team_ == nullptr) return;
    while (static_cast<int>(others_.size()) + 1 < team_->threads()) others_.push_back(std::make_unique<State<Real>>(example_));
  }

  // One round: step(state, begin, end) for the pieces first .. last - 1. False: some step returned false, and nothing that the
  // round has computed can be trusted. A step adds nothing to state.logs.
  template <typename Step>
  bool each(const Pieces& pieces, std::int32_t first, std::int32_t last, const Step& step) {
    if (alone() || last - first < 2) {
      for (std::int32_t p = first; p < last; ++p) {
        if (!run(step, mine_, pieces[p], pieces[p + 1])) return false;
      }
      return true;
    }
    return together<false>(pieces, first, last, step);
  }
  template <typename Step>
  bool each(const Pieces& pieces, const Step& step) {
    return each(pieces, 0, static_cast<std::int32_t>(pieces.size()) - 1, step);
  }

  // The same for steps that add to state.logs.
  template <typename Step>
  bool sum(const Pieces& pieces, std::int32_t first, std::int32_t last, const Step& step) {
    if (last - first < 2) return each(pieces, first, last, step);
    const Logs<Real> before = mine_.logs;
    logs_.resize(last - first);
    if (alone()) {
      for (std::int32_t p = first; p < last; ++p) {
        mine_.logs.clear();
        if (!run(step, mine_, pieces[p], pieces[p + 1])) return false;
        logs_[p - first] = mine_.logs;
      }
    } else if (!together<true>(pieces, first, last, step)) {
      return false;
    }
    mine_.logs = before;
    for (const Logs<Real>& logs : logs_) mine_.logs.add_all(logs);
    return true;
  }
  template <typename Step>
  bool sum(const Pieces& pieces, const Step& step) {
    return sum(pieces, 0, static_cast<std::int32_t>(pieces.size()) - 1, step);
  }

 private:
  template <typename Step>
  EMNESY_ONE_COPY static bool run(const Step& step, State<Real>& state, std::int32_t begin, std::int32_t end) {
    return step(state, begin, end);
  }

  template <typename Step, bool Summed>
  struct Round {
    Share& share;
    const Pieces& pieces;
    const std::int32_t first;
    const Step& step;
    const bool flush = Denormals::flushed();
    std::atomic<bool> failed{false};

    static void visit(void* context, std::int64_t piece, int worker) {
      auto& round = *static_cast<Round*>(context);
      if (round.failed.load(std::memory_order_relaxed)) return;
      const Denormals same(round.flush);
      State<Real>& state = worker == 0 ? round.share.mine_ : *round.share.others_[worker - 1];
      const std::int64_t p = round.first + piece;
      if constexpr (Summed) state.logs.clear();
      if (!Share::run(round.step, state, round.pieces[p], round.pieces[p + 1])) round.failed.store(true, std::memory_order_relaxed);
      if constexpr (Summed) round.share.logs_[piece] = state.logs;
    }
  };

  template <bool Summed, typename Step>
  bool together(const Pieces& pieces, std::int32_t first, std::int32_t last, const Step& step) {
    for (const auto& other : others_) {
      other->exponent = typename State<Real>::Exponent{};
      other->residual = Real(0);
      other->trusted = Number<Real>::all();
      other->plain = Number<Real>::all();
    }
    Round<Step, Summed> round{*this, pieces, first, step};
    team_->round(last - first, &Round<Step, Summed>::visit, &round);
    for (const auto& other : others_) {
      add_power(mine_.exponent, other->exponent);
      mine_.residual = greater(mine_.residual, other->residual);
      if constexpr (State<Real>::lanes) {
        mine_.trusted = mine_.trusted & other->trusted;
        mine_.plain = mine_.plain & other->plain;
      }
    }
    return !round.failed.load(std::memory_order_relaxed);
  }

  Example<Real> example_;
  State<Real> mine_;
  std::vector<std::unique_ptr<State<Real>>> others_;  // by worker, but for the first
  std::vector<Logs<Real>> logs_;
  Team* team_ = nullptr;
};

}  // namespace EMNESY_ISA
}  // namespace emnesy::bp
