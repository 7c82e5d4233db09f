package dev.mezzotint.worker;

/**
 * What is configured of the autoscaler's figures.
 *
 * @param host {@code mezzotint.scaler-host}: address that the external scaler listens on
 * @param port {@code mezzotint.scaler-port}: its port; 0 for no external scaler
 * @param generationSeconds {@code mezzotint.generation-job-seconds}: of one worker per job, until
 *     it is measured
 * @param trainingSeconds {@code mezzotint.training-job-seconds}: the same of a training
 */
record ScalerConfig(String host, int port, double generationSeconds, double trainingSeconds) {}
