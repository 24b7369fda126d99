// The local terminal and signals for the time of a session.
#pragma once
#include <termios.h>

#include <csignal>

#include "base/unique_fd.h"

namespace cli {

/// Puts `fd` into raw mode until destruction; does nothing where it is no terminal.
class RawTerminal {
 public:
  explicit RawTerminal(int fd);
  ~RawTerminal();
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  int fd_;
  bool raw_ = false;
  termios saved_{};
};

/// Turns the signals a session forwards into readable events (signalfd(2)) until destruction.
class SignalEvents {
 public:
  SignalEvents();
  ~SignalEvents();
  SignalEvents(const SignalEvents&) = delete;
  SignalEvents& operator=(const SignalEvents&) = delete;
  int fd() const { return fd_.get(); }
  int next();  ///< the next pending signal, 0 for none

 private:
  sigset_t saved_;
  UniqueFd fd_;
};

}  // namespace cli
