// Notices that the place on the disk where a tree is being created has become a slow one.
#pragma once
#include <atomic>
#include <cstdint>
#include <ctime>

namespace archive {

/// Nanoseconds of processor time this thread has used: unlike a clock's, not other threads' business.
inline int64_t thread_time() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

/// Fed with what it cost to create each file. Thread-safe; races lose a count at worst.
class Pace {
 public:
  /// `usual`: nanoseconds that are never too many; 0: all are (for tests).
  explicit Pace(int64_t usual) : usual_(usual) {}
  void record(int64_t cost) {
    if (int64_t best = best_; best == 0 || cost < best) best_ = cost;
    bool dear = usual_ == 0 || (cost > usual_ && cost > best_ * kNoise);
    int score = score_;
    if (dear) score_ = score + 2;
    else if (score > 0) score_ = score - 1;
  }
  /// Have more than a third of the last files been dear for a while? Says so once; then it takes as long again.
  bool slow() {
    if (score_ < kPatience) return false;
    score_ = 0;
    return true;
  }

 private:
  static constexpr int64_t kNoise = 4;
  static constexpr int kPatience = 32;
  const int64_t usual_;
  std::atomic<int64_t> best_ = 0;
  std::atomic<int> score_ = 0;
};

}  // namespace archive
