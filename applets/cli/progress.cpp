// Progress line drawing.
#include "applets/cli/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/strings.h"

namespace cli {

namespace {

/// Lines that would wrap are not drawn: they could not be wiped again.
std::string fitting(std::string text) {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return text;
  return text.size() > size.ws_col ? "" : text;
}

}  // namespace

Progress::Progress(std::string_view format, bool quiet) : format_(format), quiet_(quiet) {}

void Progress::draw(std::string text) {
  text = fitting(std::move(text));
  if (text.empty() && widest_ == 0) return;
  if (text.size() < widest_) std::printf("\r%s", std::string(widest_, ' ').c_str());
  widest_ = std::max(widest_, text.size());
  std::printf("\r%s", text.c_str());
  std::fflush(stdout);
}

void Progress::update(std::string_view status) {
  std::lock_guard lock(mutex_);
  if (done_ || quiet_ || !isatty(STDOUT_FILENO) || std::chrono::steady_clock::now() < hold_until_) return;
  draw(format_.empty() ? std::string(status) : replace_all(format_, "{}", status));
}

void Progress::update(const api::Operation& operation) {
  if (!operation.metadata.is_object()) return;
  for (const auto& [key, value] : operation.metadata.items()) {
    if (!key.ends_with("_progress") || !value.is_string()) continue;
    update(value.get<std::string>());
    return;
  }
}

void Progress::warn(std::string_view message, std::chrono::seconds how_long) {
  std::lock_guard lock(mutex_);
  if (done_) return;
  hold_until_ = std::chrono::steady_clock::now() + how_long;
  draw(std::string(message));
}

void Progress::done(std::string_view message) {
  std::lock_guard lock(mutex_);
  if (done_) return;
  done_ = true;
  std::string text = quiet_ ? "" : fitting(std::string(message));
  if (text.empty() && widest_ == 0) return;
  if (text.size() < widest_) std::printf("\r%s", std::string(widest_, ' ').c_str());
  std::printf("\r%s", text.empty() ? "" : (text + "\n").c_str());
  std::fflush(stdout);
}

}  // namespace cli
