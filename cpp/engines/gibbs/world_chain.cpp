#include "gibbs/world_chain.hpp"

#include <algorithm>
#include <cmath>

namespace emnesy::gibbs {

// What must not happen, each with its cone; which choices matter at all.
void WorldChain::observe(const Problem& problem) {
  const Simulator& s = plan_.s;
  problem_ = &problem;
  world_.require(problem.observed);
  together_.clear();
  for (const CellLiteral lit : problem.observed) together_.push_back({lit ^ 1});
  for (std::size_t c = 0; c + 1 < s.constraint_begin.size(); ++c) {
    together_.emplace_back(s.constraint_literal.begin() + s.constraint_begin[c], s.constraint_literal.begin() + s.constraint_begin[c + 1]);
  }
  std::vector<std::int32_t> mark(plan_.choices(), -1);
  cone_.clear();
  cone_begin_.assign(1, 0);
  blocks_.clear();
  for (std::size_t n = 0; n < together_.size(); ++n) {
    for (const CellLiteral lit : together_[n]) {
      const std::int32_t place = (lit >> 1) == 0 ? -1 : plan_.cones.place[lit >> 1];
      if (place < 0) continue;
      for (std::int64_t i = plan_.cones.begin[place]; i < plan_.cones.begin[place + 1]; ++i) {
        const std::int32_t c = plan_.cones.choice[i];
        if (mark[c] == static_cast<std::int32_t>(n)) continue;
        mark[c] = static_cast<std::int32_t>(n);
        cone_.push_back(c);
      }
    }
    cone_begin_.push_back(static_cast<std::int64_t>(cone_.size()));
    if (cone_begin_[n + 1] - cone_begin_[n] >= 2) blocks_.push_back(static_cast<std::int32_t>(n));
  }
  relevant_.clear();
  free_.clear();
  for (std::int32_t c = 0; c < plan_.choices(); ++c) (mark[c] >= 0 ? relevant_ : free_).push_back(c);
}

void WorldChain::draw_prior(std::int32_t choice, Stream& random) {
  const std::int32_t k = random.draw(prior(choice), plan_.values(choice));
  if (k != world_.value(choice)) world_.change(choice, k);
}

bool WorldChain::start(const Problem& problem, const std::int32_t* values, Stream& random, bool& proved) {
  observe(problem);
  proposed = accepted = 0;
  rows_ = problem.prior;
  proved = true;
  for (std::int32_t c = 0; c < plan_.choices(); ++c) {
    const double* const p = prior(c);
    if (std::none_of(p, p + plan_.values(c), [](double x) { return x > 0; })) return false;
  }
  if (plan_.s.impossible) return false;
  for (const CellLiteral lit : problem.observed) {
    if (lit == 1) return false;  // false in every world
  }
  proved = false;
  if (values != nullptr) {
    bool fits = true;
    for (std::int32_t c = 0; c < plan_.choices() && fits; ++c) {
      fits = values[c] >= 0 && values[c] < plan_.values(c) && prior(c)[values[c]] > 0;
    }
    if (fits) {
      world_.reset(values);
      if (world_.violated() == 0) return true;
    }
  }
  block = 1;
  return search(random);
}

// An observation or constraint that is violated, drawn among all.
std::int32_t WorldChain::broken(Stream& random) const {
  std::int32_t found = -1, count = 0;
  for (std::size_t n = 0; n < together_.size(); ++n) {
    const auto& literals = together_[n];
    if (!std::all_of(literals.begin(), literals.end(), [&](CellLiteral lit) { return world_.holds(lit); })) continue;
    if (random.below(++count) == 0) found = static_cast<std::int32_t>(n);
  }
  return found;
}

// Worlds from the prior; then, from the best of them, annealing on the number of violated observations: a choice that one
// of these depends on takes the value that violates fewest, or now and then any.
bool WorldChain::search(Stream& random) {
  std::vector<std::int32_t> values(plan_.choices()), best;
  std::int64_t least = -1;
  for (int attempt = 0; attempt < 32; ++attempt) {
    for (std::int32_t c = 0; c < plan_.choices(); ++c) values[c] = random.draw(prior(c), plan_.values(c));
    world_.reset(values.data());
    if (least < 0 || world_.violated() < least) {
      least = world_.violated();
      best = values;
    }
    if (least == 0) return true;
  }
  world_.reset(best.data());
  const std::int64_t steps = 500 + 40 * static_cast<std::int64_t>(relevant_.size());
  for (int restart = 0; restart < 4; ++restart) {
    for (std::int64_t step = 0; step < steps; ++step) {
      const double temperature = 1.5 * std::pow(0.05 / 1.5, static_cast<double>(step) / static_cast<double>(steps));
      const std::int32_t n = broken(random);
      if (n < 0 || cone_begin_[n + 1] == cone_begin_[n]) return world_.violated() == 0;
      const std::int32_t c = cone_[cone_begin_[n] + random.below(static_cast<std::int32_t>(cone_begin_[n + 1] - cone_begin_[n]))];
      const std::int64_t now = world_.violated();
      const std::int32_t current = world_.value(c);
      // The best other value; ties by chance.
      std::int64_t fewest = -1;
      std::int32_t chosen = -1, ties = 0;
      for (std::int32_t k = 0; k < plan_.values(c); ++k) {
        if (k == current || !(prior(c)[k] > 0)) continue;
        const std::size_t mark = world_.mark();
        world_.change(c, k);
        const std::int64_t count = world_.violated();
        world_.rollback(mark);
        if (fewest < 0 || count < fewest) {
          fewest = count;
          chosen = k;
          ties = 1;
        } else if (count == fewest && random.below(++ties) == 0) {
          chosen = k;
        }
      }
      if (chosen < 0) continue;
      if (fewest <= now || random.uniform() < std::exp(static_cast<double>(now - fewest) / temperature)) {
        world_.change(c, chosen);
        world_.commit();
        if (world_.violated() == 0) return true;
      }
    }
    for (const std::int32_t c : relevant_) values[c] = random.draw(prior(c), plan_.values(c));
    for (const std::int32_t c : free_) values[c] = world_.value(c);
    world_.reset(values.data());
    if (world_.violated() == 0) return true;
  }
  return false;
}

double WorldChain::conditional(std::int32_t choice, double* out) {
  const std::int32_t current = world_.value(choice), count = plan_.values(choice);
  double sum = 0;
  for (std::int32_t k = 0; k < count; ++k) {
    out[k] = 0;
    if (!(prior(choice)[k] > 0)) continue;
    if (k == current) {
      if (world_.violated() == 0) out[k] = prior(choice)[k];
    } else {
      const std::size_t mark = world_.mark();
      world_.change(choice, k);
      if (world_.violated() == 0) out[k] = prior(choice)[k];
      world_.rollback(mark);
    }
    sum += out[k];
  }
  return sum;
}

void WorldChain::site(std::int32_t choice, Stream& random) {
  double* const row = rows_.data() + plan_.value_begin[choice];
  const double sum = conditional(choice, row);
  const std::int32_t count = plan_.values(choice), k = random.draw(row, count);
  for (std::int32_t i = 0; i < count; ++i) row[i] /= sum;
  if (k == world_.value(choice)) return;
  world_.change(choice, k);
  world_.commit();
}

void WorldChain::move(Stream& random, bool adapting) {
  // Which choices: does not depend on the world, so that the way back is as likely.
  const double what = random.uniform();
  const std::int32_t* pool = relevant_.data();
  auto size = static_cast<std::int32_t>(relevant_.size());
  std::int64_t wanted = size;
  if (what >= 0.02) {
    const std::int32_t n = blocks_[random.below(static_cast<std::int32_t>(blocks_.size()))];
    pool = cone_.data() + cone_begin_[n];
    size = static_cast<std::int32_t>(cone_begin_[n + 1] - cone_begin_[n]);
    wanted = what < 0.07 ? 2 + random.below(size - 1) : 2 + random.geometric(1 / block);
  }
  shuffled_.assign(pool, pool + size);
  const auto members = static_cast<std::int32_t>(std::min<std::int64_t>(wanted, size));
  for (std::int32_t i = 0; i < members; ++i) std::swap(shuffled_[i], shuffled_[i + random.below(size - i)]);
  const std::int32_t last = shuffled_[members - 1], count = plan_.values(last);
  before_.resize(count);
  after_.resize(count);
  block_choices_.clear();
  block_values_.clear();
  const double flat = random.uniform() < 0.5 ? 0.0 : 0.5;  // how much of the proposal is uniform
  double ratio = 1;
  for (std::int32_t i = 0; i + 1 < members; ++i) {
    const std::int32_t c = shuffled_[i], old = world_.value(c), size_c = plan_.values(c);
    const double* const p = prior(c);
    const auto possible = static_cast<double>(std::count_if(p, p + size_c, [](double x) { return x > 0; }));
    proposal_.resize(size_c);
    for (std::int32_t k = 0; k < size_c; ++k) proposal_[k] = p[k] > 0 ? (1 - flat) * p[k] + flat / possible : 0.0;
    const std::int32_t k = random.draw(proposal_.data(), size_c);
    if (k == old) continue;
    ratio *= p[k] / proposal_[k] * (proposal_[old] / p[old]);
    block_choices_.push_back(c);
    block_values_.push_back(k);
  }
  if (block_choices_.empty()) return;  // the last alone is what the sweep has done
  ++proposed;
  const double mass_before = conditional(last, before_.data());
  const std::size_t mark = world_.mark();
  world_.change(block_choices_.data(), block_values_.data(), block_choices_.size());
  const double mass_after = conditional(last, after_.data());
  const bool accept = mass_after > 0 && random.uniform() * mass_before < mass_after * ratio;
  if (accept) {
    const std::int32_t k = random.draw(after_.data(), count);
    if (k != world_.value(last)) world_.change(last, k);
    world_.commit();
    ++accepted;
  } else {
    world_.rollback(mark);
  }
  if (adapting && what >= 0.07) block = std::min(std::max(block * (accept ? 1.1 : 0.98), 1.0), 1.0 + size);
}

void WorldChain::sweep(Stream& random, bool adapting) {
  for (const std::int32_t c : relevant_) site(c, random);
  if (!blocks_.empty()) {
    for (std::size_t i = 0; i < (relevant_.size() + 1) / 2; ++i) move(random, adapting);
  }
  for (const std::int32_t c : free_) draw_prior(c, random);
  world_.commit();
}

}  // namespace emnesy::gibbs
