// Denormal numbers slow arithmetic down by a factor of up to a hundred, and Trusted makes sure that none of
// them matters: they are flushed to zero while messages are computed.
#pragma once

#if defined(__SSE__) || defined(_M_X64)
#include <xmmintrin.h>
#elif defined(__aarch64__) && (defined(__GNUC__) || defined(__clang__))
#include <cstdint>
#endif

namespace emnesy::bp {

// Sets the calling thread's floating-point mode, and puts back what was there before.
class Denormals {
 public:
  explicit Denormals(bool flush) : saved_(get()) { set(flush ? saved_ | flags : saved_ & ~flags); }
  ~Denormals() { set(saved_); }
  static bool flushed() { return (get() & flags) == flags; }
  Denormals(const Denormals&) = delete;
  Denormals& operator=(const Denormals&) = delete;

 private:
#if defined(__SSE__) || defined(_M_X64)
  using Mode = unsigned int;
  static constexpr Mode flags = 0x8040;  // flush to zero, denormals are zero
  static Mode get() { return _mm_getcsr(); }
  static void set(Mode mode) { _mm_setcsr(mode); }
#elif defined(__aarch64__) && (defined(__GNUC__) || defined(__clang__))
  using Mode = std::uint64_t;
  static constexpr Mode flags = Mode{1} << 24;
  static Mode get() {
    Mode mode;
    asm volatile("mrs %0, fpcr" : "=r"(mode));
    return mode;
  }
  static void set(Mode mode) { asm volatile("msr fpcr, %0" : : "r"(mode)); }
#else
  using Mode = unsigned int;
  static constexpr Mode flags = 0;
  static Mode get() { return 0; }
  static void set(Mode) {}
#endif

  Mode saved_;
};

}  // namespace emnesy::bp
