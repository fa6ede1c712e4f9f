// The models of many worlds at once: 64 where the program computes numbers, 512 where it is Boolean.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "emnesy/simulator.hpp"
#include "simulator/extreme.hpp"
#include "simulator/rows.hpp"

namespace emnesy::simulator {

struct AlignedFree {
  void operator()(void* pointer) const { std::free(pointer); }
};

// Uninitialised, aligned to cache lines.
template <typename T>
using Aligned = std::unique_ptr<T[], AlignedFree>;

template <typename T>
Aligned<T> aligned(std::size_t count) {
  const std::size_t bytes = (count * sizeof(T) + 63) / 64 * 64 + 64;
  void* memory = std::aligned_alloc(64, bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return Aligned<T>(static_cast<T*>(memory));
}

// Worlds a word and words a cell. Owned by one thread. The simulator must outlive it.
class Lanes {
 public:
  explicit Lanes(const Simulator& simulator);

  static int words_for(const Simulator& simulator) {
    return simulator.number_count > 0 || !simulator.winner_sign.empty() ? 1 : 8;
  }
  int words() const { return words_; }
  int width() const { return 64 * words_; }

  // Words of a cell; bit l of word w is world 64 * w + l.
  std::uint64_t* cell(std::int32_t cell) { return bits_.get() + std::int64_t{cell} * words_; }
  const std::uint64_t* cell(std::int32_t cell) const { return bits_.get() + std::int64_t{cell} * words_; }
  std::uint64_t word(CellLiteral lit, int word) const {
    return bits_[std::int64_t{lit >> 1} * words_ + word] ^ (std::uint64_t{0} - static_cast<std::uint64_t>(lit & 1));
  }
  double* number(std::int32_t number) { return numbers_.get() + std::int64_t{number} * row_width; }
  const double* number(std::int32_t number) const { return numbers_.get() + std::int64_t{number} * row_width; }

  // Whether steps look choices' values up, so that value() must be filled in beside the alternatives' cells.
  bool wants_values() const { return values_ != nullptr; }
  std::int32_t* value(std::size_t choice) { return values_.get() + choice * row_width; }

  // Worlds 64 * word .. + 63 take these values of a choice (the number of its alternatives for none).
  void set(std::size_t choice, int word, const std::int32_t* values);

  // Finds the models, given the alternatives' cells (and values). Throws NoFixpoint.
  void run();

  // A term's number in the 64 worlds of word 0. Valid until the next call.
  const double* evaluate(std::int32_t term_index) { return term(term_index, 0); }

  // Per word: the worlds in which the program's own evidence and constraints hold.
  std::uint64_t allowed(int word) const;

 private:
  void steps(std::size_t begin, std::size_t end);
  std::size_t rules(std::size_t step, std::size_t end);
  void fold(std::int32_t item);
  void winner(std::int32_t item);
  void rule_loop(std::int32_t item);
  void extreme(std::int32_t item);
  template <typename T>
  void extreme_as(std::int32_t item);
  void loop(std::size_t step);
  std::uint64_t holds(std::int64_t contribution) const;
  const double* term(std::int32_t term, std::size_t depth);
  double* scratch(std::size_t depth);

  const Simulator& s_;
  int words_;
  Aligned<std::uint64_t> bits_;
  Aligned<double> numbers_;
  Aligned<std::int32_t> values_;
  std::vector<Aligned<double>> scratch_;
  // loops
  std::vector<std::int32_t> queue_;
  std::vector<std::uint8_t> queued_;
  // Extreme: its graphs by item, rows of labels and weights
  std::vector<SweepGraph> graphs_;
  Aligned<unsigned char> label_, weight_;
  std::vector<std::uint8_t> dirty_;
};

}  // namespace emnesy::simulator
