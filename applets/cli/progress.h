// One line on the terminal that shows how far something is.
#pragma once
#include <chrono>
#include <mutex>
#include <string>
#include <string_view>

#include "api/types/operation.h"

namespace cli {

/// Writes nothing unless standard output is a terminal (the final line excepted), and nothing at all when quiet. Thread-safe.
class Progress {
 public:
  /// `format`: where "{}" stands for the status ("Exporting: {}"); "" shows the status alone.
  explicit Progress(std::string_view format = "", bool quiet = false);

  void update(std::string_view status);
  /// Shows the first `…_progress` text of an operation's metadata.
  void update(const api::Operation& operation);
  /// Shows a message instead of the status for some time.
  void warn(std::string_view message, std::chrono::seconds how_long);
  /// Wipes the line and prints `message`, if any. Later calls do nothing.
  void done(std::string_view message = "");

 private:
  void draw(std::string text);
  std::string format_;
  bool quiet_;
  bool done_ = false;
  size_t widest_ = 0;
  std::chrono::steady_clock::time_point hold_until_;
  std::mutex mutex_;
};

}  // namespace cli
