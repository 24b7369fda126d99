// Undo steps that run in reverse order unless the work is committed.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "base/context.h"

/// Collects undo steps; on scope exit without commit() they run in reverse, each with a fresh Context (30 s), because the
/// one that was cancelled could not clean up. A failing step is logged and the next one runs. Not thread-safe.
/// Undo dies with the process: persistent steps write a pending row first, and start-up sweeps.
class Reverter {
 public:
  using Step = std::function<Result<>(const Context&)>;

  Reverter() = default;
  Reverter(const Reverter&) = delete;
  Reverter& operator=(const Reverter&) = delete;
  Reverter(Reverter&& other) noexcept : steps_(std::move(other.steps_)) { other.steps_.clear(); }
  ~Reverter() { revert(); }

  void add(std::string what, Step step) { steps_.push_back({std::move(what), std::move(step)}); }
  /// Takes over another's steps (they run before the earlier ones).
  void take(Reverter&& other);
  void commit() { steps_.clear(); }
  void revert();

 private:
  struct Named {
    std::string what;
    Step step;
  };
  std::vector<Named> steps_;
};
