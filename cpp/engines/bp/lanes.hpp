// A bundle of examples that are computed together, one a lane of a SIMD register: stands in for float and double in
// the message kernels.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "bp/isa.hpp"
#include "bp/numbers.hpp"

#if EMNESY_LANES

namespace emnesy::bp {
inline namespace EMNESY_ISA {

template <typename T>
struct Bits;
template <>
struct Bits<float> {
  using Int = std::int32_t;
  static constexpr int mantissa = 23;
  static constexpr Int bias = 127;
  static constexpr float low = 1e-27f, high = 1e27f;  // as Trusted<float>
};
template <>
struct Bits<double> {
  using Int = std::int64_t;
  static constexpr int mantissa = 52;
  static constexpr Int bias = 1023;
  static constexpr double low = 1e-290, high = 1e290;
};

// A vector of integers: exponents, labels, and (all bits set or none) truth values.
template <typename T, int L>
struct IntLanes {
  using Int = typename Bits<T>::Int;
  typedef Int Vector __attribute__((vector_size(L * sizeof(Int))));
  Vector v = Vector{};
};

template <typename T, int L>
struct Lanes {
  using Scalar = T;
  using Mask = IntLanes<T, L>;
  static constexpr int width = L;
  typedef T Vector __attribute__((vector_size(L * sizeof(T))));
  Vector v;

  Lanes() = default;
  explicit Lanes(double x) : v(Vector{} + static_cast<T>(x)) {}
  Lanes(Vector x) : v(x) {}  // NOLINT: implicit on purpose

  friend Lanes operator*(Lanes a, Lanes b) { return a.v * b.v; }
  friend Lanes operator/(Lanes a, Lanes b) { return a.v / b.v; }
  friend Lanes operator+(Lanes a, Lanes b) { return a.v + b.v; }
  friend Lanes operator-(Lanes a, Lanes b) { return a.v - b.v; }
  Lanes& operator*=(Lanes b) { v *= b.v; return *this; }
  Lanes& operator+=(Lanes b) { v += b.v; return *this; }
  Lanes& operator-=(Lanes b) { v -= b.v; return *this; }
};

template <typename T, int L>
IntLanes<T, L> operator&(IntLanes<T, L> a, IntLanes<T, L> b) { return {a.v & b.v}; }
template <typename T, int L>
IntLanes<T, L> operator|(IntLanes<T, L> a, IntLanes<T, L> b) { return {a.v | b.v}; }
template <typename T, int L>
IntLanes<T, L> operator~(IntLanes<T, L> a) { return {~a.v}; }
template <typename T, int L>
IntLanes<T, L> less(Lanes<T, L> a, Lanes<T, L> b) { return {a.v < b.v}; }
template <typename T, int L>
Lanes<T, L> select(IntLanes<T, L> mask, Lanes<T, L> yes, Lanes<T, L> no) { return mask.v ? yes.v : no.v; }
template <typename T, int L>
Lanes<T, L> greater(Lanes<T, L> a, Lanes<T, L> b) { return a.v < b.v ? b.v : a.v; }
template <typename T, int L>
Lanes<T, L> distance(Lanes<T, L> a, Lanes<T, L> b) { return greater(a - b, b - a); }

template <typename T, int L>
void add_power(IntLanes<T, L>& exponent, IntLanes<T, L> other) { exponent.v += other.v; }

template <typename T, int L>
bool any(IntLanes<T, L> mask) {
  typename Bits<T>::Int all = 0;
  for (int i = 0; i < L; ++i) all |= mask.v[i];
  return all != 0;
}

template <typename T, int L>
struct Trusted<Lanes<T, L>> {
  // NaN is not trusted.
  static IntLanes<T, L> holds(Lanes<T, L> x) { return {(x.v >= Bits<T>::low) & (x.v <= Bits<T>::high)}; }
};

template <typename T, int L>
struct Number<Lanes<T, L>> {
  static constexpr int width = L;
  static constexpr bool lanes = true;
  using Mask = IntLanes<T, L>;
  using Exponent = IntLanes<T, L>;
  static Mask all() { return {~typename Mask::Vector{}}; }
  static bool lane(Mask mask, int i) { return mask.v[i] != 0; }
  static double lane(Lanes<T, L> x, int i) { return static_cast<double>(x.v[i]); }
  static std::int64_t power(Exponent e, int i) { return e.v[i]; }
};

// As for one number: multiplies by the power of two that brings the greatest entry of each lane into [0.5, 1). Lanes
// that are not trusted come out as they may.
template <typename T, int L>
IntLanes<T, L> rescale(Lanes<T, L>* message, int count, IntLanes<T, L>& exponent) {
  using Int = IntLanes<T, L>;
  Lanes<T, L> greatest = message[0];
  for (int i = 1; i < count; ++i) greatest = greater(greatest, message[i]);
  typename Int::Vector bits;
  std::memcpy(&bits, &greatest.v, sizeof bits);
  const typename Int::Vector power = (bits >> Bits<T>::mantissa) - (Bits<T>::bias - 1);
  bits = (Bits<T>::bias - power) << Bits<T>::mantissa;
  Lanes<T, L> scale;
  std::memcpy(&scale.v, &bits, sizeof bits);
  for (int i = 0; i < count; ++i) message[i] *= scale;
  exponent.v += power;
  return Trusted<Lanes<T, L>>::holds(greatest);
}

// 1 minus the sum, without losing the small difference to rounding (Knuth's exact sum of two).
template <typename T, int L>
class Remainder<Lanes<T, L>> {
 public:
  void take(Lanes<T, L> x) {
    const auto sum = left_ - x.v, shadow = sum - left_;
    error_ += (left_ - (sum - shadow)) - (x.v + shadow);
    left_ = sum;
  }
  Lanes<T, L> value() const { return greater(Lanes<T, L>(left_ + error_), Lanes<T, L>(0.0)); }

 private:
  typename Lanes<T, L>::Vector left_ = Lanes<T, L>(1.0).v, error_{};
};

// Sums of logarithms, one a lane: numbers are multiplied in double, and a logarithm is taken once in a while.
template <typename T, int L>
class Logs<Lanes<T, L>> {
 public:
  void clear() {
    for (int i = 0; i < L; ++i) total_[i] = 0, product_[i] = 1;
    count_ = 0;
  }
  void add(Lanes<T, L> x) {
    for (int i = 0; i < L; ++i) product_[i] *= static_cast<double>(x.v[i]);
    tick();
  }
  void subtract(Lanes<T, L> x) {
    for (int i = 0; i < L; ++i) product_[i] /= static_cast<double>(x.v[i]);
    tick();
  }
  void add_all(const Logs& other) {
    for (int i = 0; i < L; ++i) total_[i] += other.value(i);
  }
  double value(int lane) const { return total_[lane] + std::log(product_[lane]); }

 private:
  static constexpr int most = sizeof(T) == 4 ? 8 : 1;  // trusted floats lie above 1e-27: eight stay in range
  void tick() {
    if (++count_ < most) return;
    count_ = 0;
    for (int i = 0; i < L; ++i) total_[i] += std::log(product_[i]), product_[i] = 1;
  }

  double total_[L], product_[L];
  int count_ = 0;
};

// ---- Rows of examples to lanes and back: squares of L x L, in log2 L rounds that swap blocks of halving size.

template <int Step, bool Low, typename V, typename Int, int... I>
EMNESY_INLINE V swap_blocks(V a, V b, std::integer_sequence<int, I...>) {
  constexpr int L = sizeof...(I);
#if defined(__clang__)
  return __builtin_shufflevector(a, b, (Low ? ((I & Step) ? L + I - Step : I) : ((I & Step) ? L + I : I + Step))...);
#else
  typedef Int Index __attribute__((vector_size(sizeof(V))));
  return __builtin_shuffle(a, b, Index{(Low ? ((I & Step) ? L + I - Step : I) : ((I & Step) ? L + I : I + Step))...});
#endif
}

template <int Step, int I, typename T, int L>
EMNESY_INLINE void transpose_pair(typename Lanes<T, L>::Vector* rows) {
  if constexpr ((I & Step) == 0) {
    using V = typename Lanes<T, L>::Vector;
    using Int = typename Bits<T>::Int;
    const V a = rows[I], b = rows[I + Step];
    rows[I] = swap_blocks<Step, true, V, Int>(a, b, std::make_integer_sequence<int, L>{});
    rows[I + Step] = swap_blocks<Step, false, V, Int>(a, b, std::make_integer_sequence<int, L>{});
  }
}

template <int Step, typename T, int L, int... I>
EMNESY_INLINE void transpose_round(typename Lanes<T, L>::Vector* rows, std::integer_sequence<int, I...> all) {
  (transpose_pair<Step, I, T, L>(rows), ...);
  if constexpr (Step > 1) transpose_round<Step / 2, T, L>(rows, all);
}

template <typename T, int L>
EMNESY_INLINE void transpose_square(typename Lanes<T, L>::Vector* rows) {
  transpose_round<L / 2, T, L>(rows, std::make_integer_sequence<int, L>{});
}

template <typename T, int L, int... I>
EMNESY_INLINE void load_square(const T* const* rows, std::int64_t at, Lanes<T, L>* out, std::integer_sequence<int, I...>) {
  typename Lanes<T, L>::Vector square[L];
  (std::memcpy(&square[I], rows[I] + at, sizeof square[I]), ...);
  transpose_square<T, L>(square);
  ((out[at + I].v = square[I]), ...);
}

template <typename T, int L, int... I>
EMNESY_INLINE void store_square(const Lanes<T, L>* in, std::int64_t at, T* const* rows, std::integer_sequence<int, I...>) {
  typename Lanes<T, L>::Vector square[L];
  ((square[I] = in[at + I].v), ...);
  transpose_square<T, L>(square);
  (std::memcpy(rows[I] + at, &square[I], sizeof square[I]), ...);
}

// out[i] = element i of every row.
template <typename T, int L>
void rows_to_lanes(const T* const* rows, std::int64_t size, Lanes<T, L>* out) {
  std::int64_t at = 0;
  for (; at + L <= size; at += L) load_square<T, L>(rows, at, out, std::make_integer_sequence<int, L>{});
  if (at == size) return;
  if (size >= L) return load_square<T, L>(rows, size - L, out, std::make_integer_sequence<int, L>{});
  for (; at < size; ++at) {
    for (int i = 0; i < L; ++i) out[at].v[i] = rows[i][at];
  }
}

template <typename T, int L>
void lanes_to_rows(const Lanes<T, L>* in, std::int64_t size, T* const* rows) {
  std::int64_t at = 0;
  for (; at + L <= size; at += L) store_square<T, L>(in, at, rows, std::make_integer_sequence<int, L>{});
  if (at == size) return;
  if (size >= L) return store_square<T, L>(in, size - L, rows, std::make_integer_sequence<int, L>{});
  for (; at < size; ++at) {
    for (int i = 0; i < L; ++i) rows[i][at] = in[at].v[i];
  }
}

}  // namespace EMNESY_ISA
}  // namespace emnesy::bp

#endif
