package io.millrace.bpf;

import io.millrace.flow.Toeplitz;

/**
 * The Toeplitz hash as BPF instructions: for each bit of the input, the window of the key that
 * begins there, without a branch.
 */
public final class BpfToeplitz {
  private final byte[] key;

  /** The hash of {@code toeplitz}, with its key. */
  public BpfToeplitz(Toeplitz toeplitz) {
    key = toeplitz.key();
  }

  /**
   * Adds a word of the input to a hash.
   *
   * @param assembler what the instructions are added to
   * @param position where the word lies in the input, in bytes
   * @param word the register with the word in the machine's order; it is left as it is
   * @param hash the register with the hash; 0 before the first word
   * @param scratch a register whose value is lost
   */
  public void addWord(BpfAssembler assembler, int position, int word, int hash, int scratch) {
    for (int bit = 0; bit < 32; bit++) {
      // Multiplied, because the verifier follows both values of a mask of all ones or none, for
      // each bit anew.
      assembler
          .move32(scratch, word)
          .shiftRight32(scratch, 31 - bit)
          .and32(scratch, 1)
          .multiply32(scratch, window(position * 8 + bit))
          .xor32(hash, scratch);
    }
  }

  /** The 32 bits of the key that begin at {@code bit}. */
  private int window(int bit) {
    int window = 0;
    for (int i = bit; i < bit + 32; i++) {
      window = window << 1 | key[i >>> 3] >>> (7 - (i & 7)) & 1;
    }
    return window;
  }
}
