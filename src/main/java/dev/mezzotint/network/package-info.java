/**
 * Networks described in Java and emitted as TorchScript, and what a device must be able to do with
 * them. Imports {@code java.*}, {@code iadb} and {@code model} only; nothing here touches a device.
 */
@NullMarked
package dev.mezzotint.network;

import org.jspecify.annotations.NullMarked;
