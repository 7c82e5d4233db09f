/** How many workers the waiting requests need, told to an autoscaler. */
@NullMarked
package dev.mezzotint.scaler;

import org.jspecify.annotations.NullMarked;
