/**
 * Networks described in Java and emitted as TorchScript. Imports {@code java.*} and {@code model}
 * only; nothing here touches a device.
 */
@NullMarked
package dev.mezzotint.network;

import org.jspecify.annotations.NullMarked;
