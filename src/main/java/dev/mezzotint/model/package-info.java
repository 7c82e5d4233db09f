/**
 * A model on disk: network configuration, card, weights in safetensors, and how a reference names
 * one. Imports {@code java.*}, {@code iadb} and {@code json}.
 */
@NullMarked
package dev.mezzotint.model;

import org.jspecify.annotations.NullMarked;
