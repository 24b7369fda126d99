// A daemon of one's own with the images of a bundle, and a shell that talks to it, for as long as the shell runs.
#pragma once
#include <chrono>
#include <string>

#include "base/context.h"
#include "imagefmt/bundle.h"

namespace rescue {

struct Session {
  std::string folder;         ///< everything is kept in it
  std::string program;        ///< path of this program
  imagefmt::Bundle bundle;
  std::string bundle_path;    ///< where the bundle's parts are
  StringList command;         ///< instead of a shell
  bool prompt = false;        ///< our own prompt, even where there is a shell
  bool temporary = false;     ///< the folder goes afterwards: containers need no orderly end
  Clock::time_point start;    ///< what times are counted from
};

/// Runs until the shell ends; its exit code. What runs in the session gets a SIGHUP when this process does. Errors: invalid (a bundle with other
/// bytes than promised), unavailable (the daemon doesn't start, its last words in the message), internal.
Result<int> run_session(const Session& session);

/// Adds the bundle's images that the daemon doesn't have yet; how many are new. Errors: as above.
Result<size_t> add_images(const Context& ctx, const Session& session);

/// Lines of standard input as commands of the client, until its end. The last exit code.
int run_prompt(const Session& session);
/// The client, or another role, with our standard streams (without `input`: nothing to read); its exit code.
Result<int> run_role(const Session& session, const std::string& role, const StringList& words, bool input);

}  // namespace rescue
