// Rows: one number a world, 64 worlds. Words: one truth value a world, bit l for world l.
#pragma once

#include <cstdint>

#include "emnesy/simulator.hpp"

namespace emnesy::simulator {

constexpr int row_width = 64;

// Bit l is set where byte l (0 or 1) is.
inline std::uint64_t pack(const std::uint8_t* bytes) {
  std::uint64_t word = 0;
  for (int i = 0; i < 8; ++i) {
    std::uint64_t eight = 0;
    for (int l = 0; l < 8; ++l) eight |= static_cast<std::uint64_t>(bytes[8 * i + l]) << (8 * l);
    word |= ((eight * 0x0102040810204080u) >> 56) << (8 * i);
  }
  return word;
}

// out = op(left, right), NaN where the result is not finite. right is ignored by unary operators.
void apply(TermOp op, const double* left, const double* right, double* out);

// Where the comparison holds between two defined numbers.
std::uint64_t compare(Comparison op, const double* left, const double* right);

// best = min(best, sign * value) where `holds`; undefined values never win.
void improve(double sign, const double* value, std::uint64_t holds, double* best);
// Where sign * value equals best.
std::uint64_t attains(double sign, const double* value, const double* best);
// sum += value, count += 1 where `holds` and the value is defined.
void accumulate(const double* value, std::uint64_t holds, double* sum, double* count);
// out = sign * best, undefined where best is infinite; returns where it is defined.
std::uint64_t finish_best(double sign, const double* best, double* out);
// out = sum (divided by count where `average`), undefined where count is 0; returns where it is defined.
std::uint64_t finish_sum(bool average, const double* sum, const double* count, double* out);
// out[l] = table[value[l]]
void look_up(const double* table, const std::int32_t* value, double* out);
// Do two rows hold the same, undefined equal to undefined?
bool same(const double* left, const double* right);

}  // namespace emnesy::simulator
