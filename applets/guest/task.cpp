#include "applets/guest/task.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <filesystem>

#include "applets/guest/console.h"
#include "applets/guest/disks.h"
#include "applets/guest/modules.h"
#include "base/unique_fd.h"
#include "sys/mounts.h"

namespace guest {
namespace {

constexpr const char* kPort = "org.incusbox.task";
constexpr const char* kTerminal = "/dev/hvc0";

/// Ports come, and get their names, some time after their bus.
UniqueFd open_port() {
  for (int tries = 0; tries < 1000; tries++) {
    std::error_code error;
    for (const auto& port : std::filesystem::directory_iterator("/sys/class/virtio-ports", error)) {
      auto name = read_file(port.path() / "name", 256);
      if (name && trim(*name) == kPort) return UniqueFd(open(("/dev/" + port.path().filename().string()).c_str(), O_WRONLY | O_CLOEXEC));
    }
    usleep(10'000);
  }
  return UniqueFd();
}

int run_command(const StringList& command) {
  pid_t pid = start_session(command, kTerminal, "/");
  for (int status = 0; pid > 0;) {
    pid_t ended = waitpid(-1, &status, 0);
    if (ended == pid) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (ended < 0 && errno != EINTR) break;
  }
  return 125;
}

}  // namespace

std::optional<int> run_task() {
  auto text = read_file("/task", 1 << 20);
  if (!text) return std::nullopt;
  StringList command = split(*text, '\0');
  command.pop_back();
  auto modules = read_file("/modules", 4096);
  UniqueFd port = open_port();
  int code = 125;
  auto entered = enter_shared_root("root");
  if (!entered) return dprintf(port.get(), "error %s\n", entered.error().message().c_str()), code;
  // The output is to come out as it went in.
  if (UniqueFd terminal(open(kTerminal, O_RDWR | O_NOCTTY | O_CLOEXEC)); terminal) {
    termios settings{};
    tcgetattr(terminal.get(), &settings);
    settings.c_oflag &= ~static_cast<tcflag_t>(OPOST);
    tcsetattr(terminal.get(), TCSANOW, &settings);
  }
  if (modules) (void)sys::bind_mount(*modules, "/lib/modules");
  // As on any other host: what drives the devices that are there.
  Modules all;
  all.make_nodes();
  all.load_for_all();
  if (!command.empty()) code = run_command(command);
  dprintf(port.get(), "exit %d\n", code);
  return code;
}

}  // namespace guest
