#include "applets/guest/console.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace guest {
namespace {

constexpr auto kPause = std::chrono::seconds(1);  // before a program that ended is started again

}  // namespace

pid_t start_session(const StringList& command, const std::string& terminal, const std::string& folder) {
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  pid_t pid = fork();
  if (pid != 0) return pid;
  setsid();
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  int in = open(terminal.empty() ? "/dev/null" : terminal.c_str(), O_RDWR), out = terminal.empty() ? open("/dev/kmsg", O_WRONLY) : in;
  if (!terminal.empty()) ioctl(in, TIOCSCTTY, 1);
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  for (int fd : {in, out})
    if (fd > STDERR_FILENO) close(fd);
  if (folder.empty() || chdir(folder.c_str()) == 0) execvp(argv[0], argv.data());
  _exit(127);
}

Clock::time_point KeptPrograms::start_due() {
  auto next = Clock::time_point::max();
  for (Kept& program : programs_) {
    if (program.pid > 0) continue;
    if (Clock::now() >= program.next) {
      program.pid = start_session(program.command, program.terminal, program.folder);
      program.next = Clock::now() + kPause;
    }
    if (program.pid <= 0) next = std::min(next, program.next);
  }
  return next;
}

void KeptPrograms::ended(pid_t pid) {
  for (Kept& program : programs_)
    if (program.pid == pid) program.pid = 0;
}

}  // namespace guest
