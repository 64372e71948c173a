// Package lab is Downbeat's laboratory: the estimator on simulated networks and clocks
// ([Simulation], [WriteAccuracy]) and on recorded exchanges ([Replay]). The commands of the program that
// judge Downbeat itself are made of it.
package lab
