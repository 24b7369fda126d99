#include "applets/cli/instance/terminal.h"

#include <sys/signalfd.h>

namespace cli {

RawTerminal::RawTerminal(int fd) : fd_(fd) {
  if (tcgetattr(fd_, &saved_)) return;
  termios raw = saved_;
  cfmakeraw(&raw);
  raw_ = tcsetattr(fd_, TCSANOW, &raw) == 0;
}

RawTerminal::~RawTerminal() {
  if (raw_) tcsetattr(fd_, TCSANOW, &saved_);
}

SignalEvents::SignalEvents() {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (int number : {SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGABRT, SIGTSTP, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2, SIGSEGV, SIGCONT}) {
    sigaddset(&wanted, number);
  }
  sigprocmask(SIG_BLOCK, &wanted, &saved_);
  fd_.reset(signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
}

SignalEvents::~SignalEvents() {
  while (next()) {  // a signal that came last must not strike after the mask is restored
  }
  sigprocmask(SIG_SETMASK, &saved_, nullptr);
}

int SignalEvents::next() {
  signalfd_siginfo info;
  return read(fd_.get(), &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo) : 0;
}

}  // namespace cli
