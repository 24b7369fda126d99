// guest-init: process 1 of the small guest. Loads what its devices need, mounts, gets addresses, keeps shells and the agent running, and ends the
// machine when it is asked to. Without a daemon's config drive it is a rescue system: shells on the consoles.
#include <dirent.h>
#include <fcntl.h>
#include <linux/input.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "applets/applet.h"
#include "applets/guest/console.h"
#include "applets/guest/disks.h"
#include "applets/guest/modules.h"
#include "applets/guest/network.h"
#include "applets/guest/task.h"
#include "base/unique_fd.h"

namespace {

using namespace guest;

constexpr const char* kShell = "/bin/sh";
constexpr const char* kTerminals[] = {"/dev/hvc0", "/dev/ttyS0", "/dev/tty1"};
constexpr const char* kNeeded[] = {"overlay", "button", "evdev"};
constexpr auto kGrace = std::chrono::seconds(2);  // between SIGTERM and SIGKILL at the end

void say(const std::string& text) {
  UniqueFd log(open("/dev/kmsg", O_WRONLY | O_CLOEXEC));
  dprintf(log ? log.get() : STDERR_FILENO, "guest-init: %s\n", text.c_str());
}

void put(const std::string& path, std::string_view text) {
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (fd) (void)!write(fd.get(), text.data(), text.size());
}

/// Ends the machine. As busybox's tools ask for it: SIGTERM reboots, SIGUSR1 halts, SIGUSR2 switches off.
[[noreturn]] void end_machine(int how) {
  kill(-1, SIGTERM);
  for (auto until = Clock::now() + kGrace; Clock::now() < until && (waitpid(-1, nullptr, WNOHANG) >= 0);) usleep(10'000);
  kill(-1, SIGKILL);
  sync();
  // The root on the disk is under an overlay, which nothing can unmount now; the kernel's emergency remount leaves it clean.
  put("/proc/sysrq-trigger", "u");
  reboot(how);
  for (;;) pause();
}

/// Power buttons: input devices that can send KEY_POWER.
class Buttons {
 public:
  void find() {
    fds_.clear();
    DIR* folder = opendir("/dev/input");
    while (dirent* entry = folder ? readdir(folder) : nullptr) {
      UniqueFd fd(openat(dirfd(folder), entry->d_name, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
      unsigned char keys[KEY_MAX / 8 + 1] = {};
      if (fd && ioctl(fd.get(), EVIOCGBIT(EV_KEY, sizeof keys), keys) > 0 && (keys[KEY_POWER / 8] >> (KEY_POWER % 8) & 1)) fds_.push_back(std::move(fd));
    }
    if (folder) closedir(folder);
  }

  const std::vector<UniqueFd>& fds() const { return fds_; }

  bool pressed() const {
    input_event event{};
    for (const UniqueFd& fd : fds_)
      while (read(fd.get(), &event, sizeof event) == sizeof event)
        if (event.type == EV_KEY && event.code == KEY_POWER && event.value == 1) return true;
    return false;
  }

 private:
  std::vector<UniqueFd> fds_;
};

UniqueFd listen_for_devices() {
  UniqueFd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = 1;
  if (fd && bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fd.reset();
  return fd;
}

UniqueFd listen_for_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGCHLD, SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGPWR}) sigaddset(&set, signal);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  return UniqueFd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

class Init {
 public:
  void run() {
    signals_ = listen_for_signals();
    setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
    setenv("HOME", "/root", 1);
    mount_basics();
    // Ctrl-Alt-Del comes as SIGINT.
    reboot(RB_DISABLE_CAD);
    events_ = listen_for_devices();
    for (const char* name : kNeeded) modules_.load(name);
    modules_.load_for_all();
    put("/sys/devices/system/memory/auto_online_blocks", "online");
    if (auto code = run_task(); code) end_machine(RB_POWER_OFF);
    if (auto entered = enter_root(); !entered) say(entered.error().message() + ": changes stay in memory");
    mkdir("/tmp", 01777);
    chmod("/tmp", 01777);
    network_.start_loopback();
    start_agent();
    start_shells();
    network_.update();
    buttons_.find();
    say("ready");
    for (;;) wait();
  }

 private:
  void start_agent() {
    auto read = read_config_drive();
    // The agent will write what the daemon made of the image's template to /etc/hostname; the name is wanted now.
    auto name = read_file(std::string(kAgentFolder) + "/files/hostname.tpl.out", 4096);
    if (!name) name = read_file("/etc/hostname", 4096);
    std::string_view host_name = name ? trim(*name) : "";
    if (!host_name.empty()) (void)!sethostname(host_name.data(), host_name.size());
    if (!read) return say(read.error().message() + ": no agent");
    programs_.add({.command = {"/proc/self/exe", "incus-agent"}, .terminal = "", .folder = kAgentFolder});
  }

  void start_shells() {
    for (const char* terminal : kTerminals) {
      UniqueFd fd(open(terminal, O_RDWR | O_NOCTTY | O_CLOEXEC));
      if (fd && isatty(fd.get())) programs_.add({.command = {kShell, "-l"}, .terminal = terminal, .folder = "/root"});
    }
  }

  void wait() {
    auto next = programs_.start_due();
    std::vector<pollfd> polled = {{signals_.get(), POLLIN, 0}, {events_.get(), POLLIN, 0}};
    for (const UniqueFd& button : buttons_.fds()) polled.push_back({button.get(), POLLIN, 0});
    auto left = next == Clock::time_point::max() ? -1 : std::max<int64_t>(0, std::chrono::ceil<milliseconds>(next - Clock::now()).count());
    (void)poll(polled.data(), polled.size(), static_cast<int>(left));
    take_signals();
    take_events();
    if (buttons_.pressed()) end_machine(RB_POWER_OFF);
  }

  void take_signals() {
    signalfd_siginfo signal{};
    while (read(signals_.get(), &signal, sizeof signal) == sizeof signal) {
      if (signal.ssi_signo == SIGTERM || signal.ssi_signo == SIGINT) end_machine(RB_AUTOBOOT);
      if (signal.ssi_signo == SIGUSR1) end_machine(RB_HALT_SYSTEM);
      if (signal.ssi_signo == SIGUSR2 || signal.ssi_signo == SIGPWR) end_machine(RB_POWER_OFF);
    }
    for (pid_t pid; (pid = waitpid(-1, nullptr, WNOHANG)) > 0;) programs_.ended(pid);
  }

  /// Devices that come while the machine runs: processors are switched on, the rest gets its driver.
  void take_events() {
    char buffer[8192];
    bool network = false, input = false;
    for (ssize_t got; (got = recv(events_.get(), buffer, sizeof buffer, 0)) > 0;) {
      StringMap event;
      for (const std::string& part : split(std::string_view(buffer, static_cast<size_t>(got)), '\0')) {
        StringList words = split(part, '=', 2);
        if (words.size() == 2) event[words[0]] = words[1];
      }
      const std::string kind = get_or(event, "SUBSYSTEM");
      network |= kind == "net";
      input |= kind == "input";
      if (get_or(event, "ACTION") != "add") continue;
      if (kind == "cpu") put("/sys" + get_or(event, "DEVPATH") + "/online", "1");
      if (event.contains("MODALIAS")) modules_.load_for(event["MODALIAS"]);
    }
    if (network) network_.update();
    if (input) buttons_.find();
  }

  UniqueFd signals_, events_;
  Modules modules_;
  Network network_;
  KeptPrograms programs_;
  Buttons buttons_;
};

int run_guest_init(const Args&) {
  if (getpid() != 1) return dprintf(STDERR_FILENO, "guest-init is the first process of a virtual machine (scripts/make-guest)\n"), 1;
  Init().run();
  return 0;
}

}  // namespace

extern const Applet guest_init_applet;
const Applet guest_init_applet = {.name = "guest-init", .flags = kHidden | kEarly, .summary = "The first process of the small guest", .run = run_guest_init};
