// One command with its streams over websockets (wire.md, section 5.1), wherever it runs.
#pragma once
#include <vector>

#include "api/types/instance_exec.h"
#include "base/unique_fd.h"
#include "core/session.h"

namespace core {

/// A running command.
class Command {
 public:
  virtual ~Command() = default;
  virtual int exit_fd() const = 0;                    ///< readable once it ended
  virtual Result<int> wait(const Context& ctx) = 0;   ///< exit code, 128+n for a signal
  virtual Result<> signal(int number) = 0;
  virtual Result<> resize(int width, int height) = 0;  ///< of a terminal that is no pty here
};

/// The streams a command is started with; they stay the session's.
struct CommandStreams {
  int in = -1, out = -1, err = -1;
};

class CommandSession : public Session {
 public:
  /// Without `wait_for_websocket` there are no streams, and launch_unattended() starts the command at once.
  CommandSession(async::Runtime& runtime, api::InstanceExecPost post, StringList optional, Duration patience = seconds(10));
  /// What the operation shows from its beginning.
  Json metadata() const;

 protected:
  using Pipe = std::shared_ptr<UniqueFd>;

  /// Starts it. Blocks.
  virtual Result<std::unique_ptr<Command>> run(const CommandStreams& streams) = 0;
  /// {outer, inner} end of a terminal.
  virtual Result<std::pair<UniqueFd, UniqueFd>> open_terminal() = 0;
  virtual Result<> launch_unattended() { return fail(Code::invalid, "Websockets are required"); }
  /// Added to the metadata at the end.
  virtual void add_record(Json&) {}

  Result<> begin(const CommandStreams& streams);
  /// The exit code to show where run() failed.
  void failed_with(int code);
  /// The request, with the size of the terminal as it is by now.
  api::InstanceExecPost post() const;

 private:
  Result<> launch() override;
  void control(std::string_view text) override;
  void hung_up() override;
  void cancel() override;
  void ended(Operation& operation, const Result<>& result) override;

  Result<> launch_terminal();
  Result<> launch_pipes();
  void signal(int number);
  void pump_out(const std::string& name, Pipe from);
  void exited();
  void drain(int quiet);
  void finish_now();

  mutable std::mutex mutex_;  ///< guards what follows
  api::InstanceExecPost post_;
  std::unique_ptr<Command> command_;
  std::shared_ptr<async::Runtime::Watch> exit_;
  std::shared_ptr<async::Runtime::Timer> timer_;
  std::vector<Pipe> outputs_;
  std::optional<int> code_;  ///< once it ended
  std::optional<Error> lost_;  ///< why its end is not known
  Clock::time_point drain_until_;
  int terminal_ = -1;
  int early_signal_ = 0;
  int failure_code_ = -1;
  int pumping_ = 0;
};

}  // namespace core
