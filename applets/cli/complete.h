// Shell completion: what may stand at the cursor, from the same tables that run the commands.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "applets/cli/call.h"
#include "base/strings.h"

namespace cli {

/// `incus __complete WORDS… PARTIAL`: prints candidates, one a line, with a tab and a description unless it was called as
/// __completeNoDesc, then ":" and the sum of what the shell shall do. Never fails: without an answer there is nothing to offer.
int run_completion(const StringList& arguments);

/// What the shell is told besides the words. The numbers are those of the shells' scripts.
enum CompletionDirective : unsigned { kOfferNoSpace = 2, kOfferNoFiles = 4 };

/// The words to offer so far.
class Offers {
 public:
  struct Offer {
    std::string word;
    std::string about;
  };
  /// Taken if it starts with what the user typed.
  void add(std::string word, std::string_view about = "");
  /// The word goes on: no space behind it.
  void add_open(std::string word, std::string_view about = "");
  void allow_files() { directive_ &= ~kOfferNoFiles; }

  std::string typed;  ///< the whole word at the cursor
  const std::vector<Offer>& list() const { return list_; }
  unsigned directive() const { return directive_; }

 private:
  std::vector<Offer> list_;
  unsigned directive_ = kOfferNoFiles;
};

/// What earlier words on the line meant, by placeholder ("pool" -> "default").
using KnownNames = std::map<std::string, std::string, std::less<>>;

/// Where a value stands: the remote it is of, and what stays in front of it ("remote:pool/").
struct ValueSpot {
  Call& call;
  const KnownNames& names;
  std::string remote;
  std::string prefix;
  std::string suffix = "";  ///< "=" or "/", if something must follow
};

/// Offers what `usage`'s arguments may be after `words`.
void complete_arguments(Call& call, const StringList& words, Offers& offers);
/// Offers the values of one placeholder; `typed` is the part of the word after the prefix.
void complete_value(const ValueSpot& spot, std::string_view placeholder, std::string_view typed, Offers& offers);
/// Offers the values of a flag.
void complete_flag_value(Call& call, const Flag& flag, const std::string& prefix, Offers& offers);

}  // namespace cli
